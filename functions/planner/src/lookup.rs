//! Finding by name, where the order does not matter: a hash looks at one name, a tree at seventeen of a hundred thousand.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, DefaultHasher};

/// With a hasher that is the same in each run: std's own asks the system for a random number. What comes of iterating over
/// one is sorted, or does not depend on the order.
pub(crate) type Lookup<K, V> = HashMap<K, V, BuildHasherDefault<DefaultHasher>>;
pub(crate) type Known<K> = HashSet<K, BuildHasherDefault<DefaultHasher>>;
