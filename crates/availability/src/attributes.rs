//! Lists of attributes, each kept once: the entities of a type nearly always have the same.

use std::sync::Arc;

use hashbrown::HashMap;
use ngsi::v1::ngsi9::RegistrationAttribute;

type List = Arc<[RegistrationAttribute]>;

/// The lists in use and how many registrations use each.
#[derive(Debug, Default)]
pub(crate) struct AttributeLists(HashMap<List, usize, foldhash::fast::RandomState>);

impl AttributeLists {
    /// The list kept, or a new one that is kept once it is taken into use.
    pub(crate) fn find_or_new(&self, list: &[RegistrationAttribute]) -> List {
        self.0.get_key_value(list).map_or_else(|| list.into(), |(known, _)| known.clone())
    }

    pub(crate) fn take_into_use(&mut self, list: &List) -> List {
        let list = self.find_or_new(list);
        *self.0.entry(list.clone()).or_insert(0) += 1;
        list
    }

    pub(crate) fn release(&mut self, list: &List) {
        if let Some(users) = self.0.get_mut(list) {
            *users -= 1;
            if *users == 0 {
                self.0.remove(list);
            }
        }
    }
}
