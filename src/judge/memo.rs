//! Cache of results that are valid for a limited time. It is bounded. An entry is used only within
//! its window, in which no date of a certificate that it depends on passes.

use std::collections::HashMap;
use std::hash::Hash;

/// A time span in seconds since the epoch; `until` is excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    from: i64,
    until: i64,
}

impl Default for Window {
    fn default() -> Self {
        Self::ALWAYS
    }
}

impl Window {
    /// All times.
    pub(crate) const ALWAYS: Self = Self {
        from: i64::MIN,
        until: i64::MAX,
    };

    /// Returns true if this time is inside.
    pub(crate) fn contains(self, at: i64) -> bool {
        (self.from..self.until).contains(&at)
    }

    /// Returns the part of the window around `at` in which neither of a certificate's dates passes.
    pub(crate) fn around(self, at: i64, not_before: i64, not_after: i64) -> Self {
        // A certificate is still valid in the second of notAfter (RFC 5280 section 4.1.2.5).
        [not_before, not_after.saturating_add(1)]
            .into_iter()
            .fold(self, |window, edge| match edge <= at {
                true => Self {
                    from: window.from.max(edge),
                    ..window
                },
                false => Self {
                    until: window.until.min(edge),
                    ..window
                },
            })
    }
}

/// A map that drops all entries when it is full. This bounds it without tracking ages, and the
/// useful entries return at once.
pub(crate) struct Memo<K, V> {
    entries: HashMap<K, (Window, V)>,
    capacity: usize,
}

impl<K: Hash + Eq, V> Memo<K, V> {
    /// Returns an empty map for at most this many entries.
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            entries: HashMap::new(),
            capacity,
        }
    }

    /// Returns the entry, or `None` if there is none that is valid at that time.
    pub(crate) fn get(&self, key: &K, at: i64) -> Option<&V> {
        self.get_with_window(key, at).map(|(_, value)| value)
    }

    /// Returns the same with its window.
    pub(crate) fn get_with_window(&self, key: &K, at: i64) -> Option<(Window, &V)> {
        let (window, value) = self.entries.get(key)?;
        window.contains(at).then_some((*window, value))
    }

    /// Adds an entry.
    pub(crate) fn put(&mut self, key: K, window: Window, value: V) {
        if self.entries.len() >= self.capacity {
            self.entries.clear();
        }
        self.entries.insert(key, (window, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_ends_at_the_next_date_and_begins_at_the_last() {
        let dates = |at| Window::ALWAYS.around(at, 100, 200).around(at, 150, 300);
        let cases = [
            (99, i64::MIN, 100),
            (100, 100, 150),
            (150, 150, 201),
            (200, 150, 201),
            (201, 201, 301),
            (301, 301, i64::MAX),
        ];
        for (at, from, until) in cases {
            assert_eq!(dates(at), Window { from, until }, "{at}");
            assert!(dates(at).contains(at));
        }
    }

    #[test]
    fn a_full_memo_stays_bounded() {
        let mut memo = Memo::new(2);
        for key in 0..5 {
            memo.put(key, Window::ALWAYS, key);
        }
        assert!(memo.entries.len() <= 2);
        assert_eq!(memo.get(&4, 0), Some(&4));
        assert_eq!(memo.get(&0, 0), None);
    }
}
