//! The query's few keys.
use super::answer::Refusal;

/// `from`, `size` and `order`.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Query {
    pub(super) from: Option<i32>,
    pub(super) size: Option<i32>,
    pub(super) descending: bool,
}

impl Query {
    /// Reads the keys; others are not looked at.
    pub(super) fn read(text: Option<&str>) -> Result<Self, Refusal> {
        let mut query = Self::default();
        for (key, value) in url::form_urlencoded::parse(text.unwrap_or_default().as_bytes()) {
            let number = || value.parse().map_err(|_| Refusal::not_a_number(&value));
            match &*key {
                "from" => query.from = Some(number()?),
                "size" => query.size = Some(number()?),
                "order" => query.descending = value.trim().eq_ignore_ascii_case("desc"),
                _ => {}
            }
        }
        Ok(query)
    }

    /// The part of `items` between `from` and `from + size`; what lies outside is left out without complaint.
    pub(super) fn slice<T>(&self, items: Vec<T>, default_size: usize) -> Vec<T> {
        let from = i64::from(self.from.unwrap_or(0));
        let size = self.size.map_or_else(
            || i64::try_from(default_size).unwrap_or(i64::MAX),
            i64::from,
        );
        let index = |at: i64| usize::try_from(at.max(0)).unwrap_or(usize::MAX);
        let (start, end) = (index(from), index(from.saturating_add(size)));
        items.into_iter().take(end).skip(start).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(query: &str) -> Vec<i32> {
        Query::read(Some(query))
            .unwrap()
            .slice((1..=5).collect(), 5)
    }

    #[test]
    fn positions_outside_are_left_out() {
        assert_eq!(page("from=1&size=2"), [2, 3]);
        assert_eq!(page(""), [1, 2, 3, 4, 5]);
        assert_eq!(page("from=-2&size=5"), [1, 2, 3]);
        for nothing in [
            "size=-1",
            "size=0",
            "from=100&size=5",
            "from=2147483647&size=2147483647",
        ] {
            assert_eq!(page(nothing), Vec::<i32>::new(), "{nothing}");
        }
    }

    #[test]
    fn numbers_that_java_cannot_read_are_refused() {
        for text in ["abc", "99999999999", "", " 1"] {
            let query = format!("size={text}");
            assert_eq!(
                Query::read(Some(&query)),
                Err(Refusal::not_a_number(text)),
                "{text}"
            );
        }
    }
}
