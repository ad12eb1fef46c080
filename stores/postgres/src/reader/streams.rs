//! The streams of an aggregate: a range of the index on their names.

use std::ops::Deref;

use esrs_core::{StoreError, StreamId, StreamsQuery};

use crate::connect::Client;
use crate::pool::Reader;

impl<C: Deref<Target = Client>> Reader<'_, C> {
    pub(crate) async fn streams(&self, query: &StreamsQuery) -> Result<Vec<StreamId>, StoreError> {
        let (after, end) = query.bounds();
        let limit = i64::try_from(query.limit.max(1)).unwrap_or(i64::MAX);
        let rows = self.query(&self.sql.streams, &[&after, &end, &limit]).await;
        let rows = rows.map_err(|error| self.location.explain("listing streams", error))?;
        rows.iter()
            .map(|row| {
                let name: &str = row
                    .try_get(0)
                    .map_err(|error| self.location.explain("listing streams", error))?;
                Ok(name.parse()?)
            })
            .collect()
    }

    pub(crate) async fn count_streams(&self, category: &str) -> Result<u64, StoreError> {
        let (first, end) = StreamsQuery::bounds_of(category);
        let counted = async {
            let rows = self.query(&self.sql.count_streams, &[&first, &end]).await?;
            rows.first().map_or(Ok(0), |row| row.try_get::<_, i64>(0))
        };
        let count = counted.await;
        count
            .map(|count| count as u64)
            .map_err(|error| self.location.explain("counting streams", error))
    }
}
