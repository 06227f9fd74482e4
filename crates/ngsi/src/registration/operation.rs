//! Names of operations that a source may be registered for (ETSI GS CIM 009, 4.20).

use serde::{Deserialize, Serialize};

macro_rules! operations {
    ($($variant:ident $name:literal,)*) => {
        /// One operation of NGSI-LD.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "each is named as the standard names it")]
        pub enum Operation {
            $($variant,)*
        }

        impl Operation {
            /// All there are.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// Its name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

operations! {
    CreateEntity "createEntity",
    UpdateEntity "updateEntity",
    AppendAttrs "appendAttrs",
    UpdateAttrs "updateAttrs",
    DeleteAttrs "deleteAttrs",
    DeleteEntity "deleteEntity",
    CreateBatch "createBatch",
    UpsertBatch "upsertBatch",
    UpdateBatch "updateBatch",
    DeleteBatch "deleteBatch",
    UpsertTemporal "upsertTemporal",
    AppendAttrsTemporal "appendAttrsTemporal",
    DeleteAttrsTemporal "deleteAttrsTemporal",
    UpdateAttrInstanceTemporal "updateAttrInstanceTemporal",
    DeleteAttrInstanceTemporal "deleteAttrInstanceTemporal",
    DeleteTemporal "deleteTemporal",
    MergeEntity "mergeEntity",
    ReplaceEntity "replaceEntity",
    ReplaceAttrs "replaceAttrs",
    MergeBatch "mergeBatch",
    PurgeEntity "purgeEntity",
    RetrieveEntity "retrieveEntity",
    QueryEntity "queryEntity",
    QueryBatch "queryBatch",
    RetrieveTemporal "retrieveTemporal",
    QueryTemporal "queryTemporal",
    RetrieveEntityTypes "retrieveEntityTypes",
    RetrieveEntityTypeDetails "retrieveEntityTypeDetails",
    RetrieveEntityTypeInfo "retrieveEntityTypeInfo",
    RetrieveAttrTypes "retrieveAttrTypes",
    RetrieveAttrTypeDetails "retrieveAttrTypeDetails",
    RetrieveAttrTypeInfo "retrieveAttrTypeInfo",
    CreateSubscription "createSubscription",
    UpdateSubscription "updateSubscription",
    RetrieveSubscription "retrieveSubscription",
    QuerySubscription "querySubscription",
    DeleteSubscription "deleteSubscription",
    RetrieveEntityMap "retrieveEntityMap",
    UpdateEntityMap "updateEntityMap",
    DeleteEntityMap "deleteEntityMap",
    CreateEntityMapQueryEntity "createEntityMapQueryEntity",
    CreateEntityMapQueryTemporal "createEntityMapQueryTemporal",
    RetrieveContextSourceIdentity "retrieveContextSourceIdentity",
}

/// Reading, in all its forms.
const CONSUMPTION: &[Operation] = &[
    Operation::RetrieveEntity,
    Operation::QueryEntity,
    Operation::QueryBatch,
    Operation::RetrieveEntityTypes,
    Operation::RetrieveEntityTypeDetails,
    Operation::RetrieveEntityTypeInfo,
    Operation::RetrieveAttrTypes,
    Operation::RetrieveAttrTypeDetails,
    Operation::RetrieveAttrTypeInfo,
    Operation::CreateSubscription,
    Operation::UpdateSubscription,
    Operation::RetrieveSubscription,
    Operation::QuerySubscription,
    Operation::DeleteSubscription,
    Operation::RetrieveContextSourceIdentity,
];
const ENTITY_MAPS: &[Operation] = &[
    Operation::RetrieveEntityMap,
    Operation::UpdateEntityMap,
    Operation::DeleteEntityMap,
    Operation::CreateEntityMapQueryEntity,
];
const UPDATE: &[Operation] =
    &[Operation::UpdateEntity, Operation::UpdateAttrs, Operation::ReplaceEntity, Operation::ReplaceAttrs];
const RETRIEVE: &[Operation] = &[Operation::RetrieveEntity, Operation::QueryEntity];
const REDIRECTION: &[Operation] = &[
    Operation::CreateEntity,
    Operation::UpdateEntity,
    Operation::AppendAttrs,
    Operation::UpdateAttrs,
    Operation::DeleteAttrs,
    Operation::DeleteEntity,
    Operation::MergeEntity,
    Operation::ReplaceEntity,
    Operation::ReplaceAttrs,
    Operation::RetrieveEntity,
    Operation::QueryEntity,
    Operation::PurgeEntity,
    Operation::RetrieveEntityTypes,
    Operation::RetrieveEntityTypeDetails,
    Operation::RetrieveEntityTypeInfo,
    Operation::RetrieveAttrTypes,
    Operation::RetrieveAttrTypeDetails,
    Operation::RetrieveAttrTypeInfo,
    Operation::RetrieveContextSourceIdentity,
];

/// A set of operations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Operations(u64);

impl Operations {
    /// The set of these.
    #[must_use]
    pub fn of(operations: &[Operation]) -> Self {
        Self(operations.iter().fold(0, |bits, operation| bits | bit(*operation)))
    }

    /// What a registration is for that names none: `federationOps`.
    #[must_use]
    pub fn usual() -> Self {
        Self::of(CONSUMPTION).and(Self::of(ENTITY_MAPS))
    }

    /// What the name of an operation or of a group of them stands for.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "federationOps" => Self::usual(),
            "associationOps" => Self::of(CONSUMPTION),
            "updateOps" => Self::of(UPDATE),
            "retrieveOps" => Self::of(RETRIEVE),
            "redirectionOps" => Self::of(REDIRECTION).and(Self::of(ENTITY_MAPS)),
            name => Self::of(&[*Operation::ALL.iter().find(|operation| operation.name() == name)?]),
        })
    }

    /// Those of both.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it holds the operation.
    #[must_use]
    pub fn has(self, operation: Operation) -> bool {
        self.0 & bit(operation) != 0
    }

    /// Whether it holds nothing but what `other` holds.
    #[must_use]
    pub fn is_within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
}

fn bit(operation: Operation) -> u64 {
    1 << operation as u64
}
