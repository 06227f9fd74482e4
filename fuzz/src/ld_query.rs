//! Parameters of NGSI-LD, a line each: `q`, `type`, `scopeQ`, `georel`, `geometry`, `coordinates`, `pick`, `lang`, `expandValues`.

use ngsi::Name;
use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter};
use ngsi::ld::write::{Languages, Projection};
use ngsi::ld::{Context, Rendering};

use crate::{parts, sample};

pub(crate) fn run(data: &[u8]) {
    let Some(given) = parts::lines::<9>(data) else { return };
    let [q, types, scope_q, georel, geometry, coordinates, pick, lang, expand_values] = given;
    let (entity, context) = (sample::entity(), Context::core());
    let expand = |term: &str| context.expand(term);
    let expand_values: Vec<_> = expand_values.split(',').collect();
    let vocabulary = Vocabulary { expand: &expand, expand_values: &expand_values };
    if let Ok(filter) = Filter::parse_ld(q, &vocabulary) {
        let _ = filter.matches(&entity);
        assert_eq!(Filter::parse_ld(&filter.to_string(), &vocabulary).as_ref(), Ok(&filter));
    }
    if let Ok(filter) = TypeFilter::parse(types, &expand) {
        let _ = (filter.matches(&entity), filter.leading().count(), filter.is_list());
    }
    let _ = ScopeFilter::parse(scope_q).map(|filter| filter.matches(&entity));
    if let Ok(place) = GeoFilter::parse_ld(georel, geometry, coordinates, Name::default()) {
        let _ = place.matches(&entity);
        assert!(place.distance_m(&entity).is_none_or(|metres| metres >= 0.0));
        let _ = place.bounds();
    }
    let mut rendering = Rendering::new(&context);
    rendering.selection.pick = Projection::parse(pick, &expand).unwrap_or_default();
    rendering.languages = Languages::parse(lang).ok();
    let mut out = Vec::new();
    rendering.write(&mut out, &entity);
    sample::json(&out);
}
