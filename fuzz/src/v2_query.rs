//! Parameters of NGSIv2, a line each: `q`, `mq`, `georel`, `geometry`, `coords`, `orderBy`, path, pattern.

use ngsi::EntitySelector;
use ngsi::filter::{Filter, GeoFilter, OrderBy};
use ngsi::v2::path::{ServicePath, ServicePaths};
use ngsi::v2::select::{Choice, references};

use crate::{parts, sample};

pub(crate) fn run(data: &[u8]) {
    let Some([q, mq, georel, geometry, coords, order_by, path, pattern]) = parts::lines::<8>(data) else { return };
    let entity = sample::entity();
    for filter in [Filter::parse_q(q), Filter::parse_mq(mq)].into_iter().flatten() {
        let _ = filter.matches(&entity);
    }
    if let Ok(filter) = Filter::parse_q(q) {
        assert_eq!(Filter::parse_q(&filter.to_string()).as_ref(), Ok(&filter));
    }
    let place = GeoFilter::parse(georel, geometry, coords).ok();
    if let Some(place) = &place {
        let _ = place.matches(&entity);
        assert!(place.distance_m(&entity).is_none_or(|metres| metres >= 0.0));
        let _ = place.bounds();
    }
    if let Ok(order) = OrderBy::parse(order_by) {
        let key = order.key(&entity, place.as_ref());
        assert!(key.cmp(&key).is_eq());
    }
    let (_, _) = (ServicePath::parse(path), ServicePaths::parse(path).map(|paths| paths.select(&entity)));
    let Ok(all) = references(Choice::Pattern(pattern), Choice::Any) else { return };
    if let Ok(selectors) = EntitySelector::compile_all("entities", &all) {
        let _ = selectors.iter().any(|selector| selector.selects(&entity));
    }
}
