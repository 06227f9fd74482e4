//! What a query asks for, as parameters or a body say it, and how it is understood.

use context::Query;
use context::sources::Conditions;
use ngsi::filter::ld::{ScopeFilter, TypeFilter, Vocabulary};
use ngsi::filter::{Filter, GeoFilter, OrderBy};
use ngsi::ld::{Context, Problem, id_pattern};
use ngsi::selector::Matcher;
use ngsi::v1::EntityRef;
use ngsi::v1::ngsi10::QueryContextRequest;
use ngsi::v2::select::{Choice, references};
use ngsi::{Name, Restriction};

use super::Search;
use crate::routes::ld::call::Call;
use crate::routes::ld::distribute::Asked;
use crate::routes::ld::{change, rendering};
use crate::routes::page::Page;

/// Which identifiers and types are asked for (5.2.33).
#[derive(Debug, Default)]
pub(in crate::routes::ld) struct Selector<'a> {
    pub(in crate::routes::ld) ids: Vec<&'a str>,
    pub(in crate::routes::ld) id_pattern: Option<&'a str>,
    /// In the entity type selection language (4.17).
    pub(in crate::routes::ld) types: Option<&'a str>,
}

/// Which entities are asked for: those that one of the selectors selects, and that meet all the rest.
#[derive(Debug, Default)]
pub(in crate::routes::ld) struct Wanted<'a> {
    pub(in crate::routes::ld) selectors: Vec<Selector<'a>>,
    pub(in crate::routes::ld) attributes: Vec<&'a str>,
    pub(in crate::routes::ld) q: Option<&'a str>,
    pub(in crate::routes::ld) expand_values: Vec<&'a str>,
    pub(in crate::routes::ld) scope_q: Option<&'a str>,
    pub(in crate::routes::ld) georel: Option<&'a str>,
    pub(in crate::routes::ld) geometry: Option<&'a str>,
    pub(in crate::routes::ld) coordinates: Option<&'a str>,
    pub(in crate::routes::ld) geoproperty: Option<&'a str>,
    /// Which context sources are asked.
    pub(in crate::routes::ld) csf: Option<&'a str>,
    pub(in crate::routes::ld) order_by: Option<&'a str>,
}

pub(in crate::routes::ld) fn of_params(call: &Call, context: &Context) -> Result<Search, Problem> {
    let params = &call.params;
    let wanted = Wanted {
        selectors: vec![Selector {
            ids: params.list("id")?,
            id_pattern: params.get("idPattern"),
            types: params.get("type"),
        }],
        attributes: params.list("attrs")?,
        q: params.get("q"),
        expand_values: params.list("expandValues")?,
        scope_q: params.get("scopeQ"),
        georel: params.get("georel"),
        geometry: params.get("geometry"),
        coordinates: params.get("coordinates"),
        geoproperty: params.get("geoproperty"),
        csf: params.get("csf"),
        order_by: params.get("orderBy"),
    };
    let search = wanted.compile(context, params.page()?)?;
    if wanted.is_everything() && !call.is_local() {
        let problem = "one of id, idPattern, type, attrs, q, georel or scopeQ, or local=true, must be given";
        return Err(Problem::bad_request(problem));
    }
    Ok(search)
}

impl Selector<'_> {
    fn is_everything(&self) -> bool {
        self.ids.is_empty() && self.id_pattern.is_none() && self.types.is_none()
    }

    /// The references that select, and the types where references cannot say all.
    fn compile(&self, expand: &dyn Fn(&str) -> Name) -> Result<(Vec<EntityRef>, Option<TypeFilter>, Asked), Problem> {
        for id in &self.ids {
            change::check_id(id)?;
        }
        // `*` stands for every type.
        let types =
            self.types.filter(|types| *types != "*").map(|types| TypeFilter::parse(types, expand)).transpose()?;
        let entities = references(self.identifiers()?, leading(types.as_ref()))?;
        let asked = self.asked(types.as_ref())?;
        Ok((entities, types.filter(|types| !types.is_list()), asked))
    }

    /// What sources are asked for: more than what is meant, perhaps.
    fn asked(&self, types: Option<&TypeFilter>) -> Result<Asked, Problem> {
        let pattern = self.id_pattern.map(id_pattern).transpose()?;
        Ok(Asked {
            ids: self.ids.iter().map(|id| (*id).to_owned()).collect(),
            pattern: pattern.unwrap_or(Matcher::Any),
            types: types.into_iter().flat_map(TypeFilter::named).cloned().collect(),
        })
    }

    /// Entities whose identifier came without a scheme are meant by `urn:` and it, too.
    fn identifiers(&self) -> Result<Choice<'_>, Problem> {
        match (self.ids.is_empty(), self.id_pattern) {
            (true, None) => Ok(Choice::Any),
            (true, Some(pattern)) => Ok(Choice::Pattern(pattern)),
            (false, None) => {
                let bare = self.ids.iter().filter_map(|id| id.strip_prefix("urn:"));
                Ok(Choice::OneOf(self.ids.iter().copied().chain(bare).collect()))
            }
            (false, Some(_)) => Err(Problem::bad_request("id and idPattern exclude one another")),
        }
    }
}

impl Wanted<'_> {
    fn is_everything(&self) -> bool {
        self.selectors.iter().any(Selector::is_everything)
            && self.attributes.is_empty()
            && [self.q, self.scope_q, self.georel].iter().all(Option::is_none)
    }

    pub(in crate::routes::ld) fn compile(&self, context: &Context, page: Page) -> Result<Search, Problem> {
        let expand = |term: &str| context.expand(term);
        let mut entities = Vec::new();
        let mut selections = Vec::new();
        let mut asked = Vec::new();
        for selector in &self.selectors {
            let (selected, types, asked_of_sources) = selector.compile(&expand)?;
            asked.push(asked_of_sources);
            selections.push((Query::compile(&selected, &[], &Restriction::default())?, types));
            entities.extend(selected);
        }
        if selections.iter().all(|(_, types)| types.is_none()) {
            selections.clear();
        }
        let vocabulary = Vocabulary { expand: &expand, expand_values: &self.expand_values };
        let filter = |text: Option<&str>, name: &str| {
            let filter = text.map(|text| Filter::parse_ld(text, &vocabulary)).transpose();
            filter.map_err(|error| error.within(name))
        };
        Ok(Search {
            query: Query::compile(&entities, &[], &Restriction::default())?,
            request: QueryContextRequest { entities, ..QueryContextRequest::default() },
            selections,
            filter: filter(self.q, "q")?,
            scopes: self.scope_q.map(ScopeFilter::parse).transpose()?,
            place: self.place(&expand)?,
            order: self.order_by.map(|text| OrderBy::parse_ld(text, &vocabulary)).transpose()?,
            attributes: rendering::attributes(&self.attributes, context)?,
            page,
            asked,
            sources: Conditions { members: filter(self.csf, "csf")?, ..Conditions::default() },
        })
    }

    fn place(&self, expand: &dyn Fn(&str) -> Name) -> Result<Option<GeoFilter>, Problem> {
        match (self.georel, self.geometry, self.coordinates) {
            (None, None, None) => Ok(None),
            (Some(georel), Some(geometry), Some(coordinates)) => {
                let property = expand(self.geoproperty.unwrap_or("location"));
                Ok(Some(GeoFilter::parse_ld(georel, geometry, coordinates, property)?))
            }
            _ => Err(Problem::bad_request("georel, geometry and coordinates: either all three or none")),
        }
    }
}

fn leading(types: Option<&TypeFilter>) -> Choice<'_> {
    types.map_or(Choice::Any, |types| Choice::OneOf(types.leading().map(Name::as_str).collect()))
}
