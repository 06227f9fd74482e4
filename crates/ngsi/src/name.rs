//! Names and identifiers, each a type of its own.
//!
//! All are strings of up to 24 bytes held inline: type and attribute names nearly always fit, so they
//! cost no allocation and no reference count. An interning table was rejected: it needs a lock, and a
//! bound against clients that invent names.

#[doc(hidden)]
pub use compact_str::CompactString;

/// Defines a type for one kind of name or identifier. The crate that uses it needs `serde`.
#[macro_export]
macro_rules! string_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(transparent)]
        pub struct $name($crate::name::CompactString);

        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// Whether the text is empty, which the wire formats use for "not given".
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }
        }

        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self($crate::name::CompactString::from(text))
            }
        }

        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self($crate::name::CompactString::from(text))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                std::fmt::Debug::fmt(self.0.as_str(), f)
            }
        }

        impl std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.0 == *other
            }
        }
    };
}

string_type! {
    /// A name of a type, an attribute or a metadatum.
    Name
}
string_type! {
    /// The identifier of a subscription, given by the service that keeps it.
    SubscriptionId
}
string_type! {
    /// The identifier of a registration of a context source.
    RegistrationId
}
