//! Methods of a store around another one, which it leaves to that.

/// Forwards the named methods of `EventStore` to a field.
macro_rules! forward {
    ($field:tt: $($method:ident),+) => {
        $(forward!(@ $field, $method);)+
    };
    (@ $field:tt, append) => {
        fn append(
            &self,
            batch: esrs::store::AppendBatch,
        ) -> futures_core::future::BoxFuture<'_, Result<esrs::store::Appended, esrs::StoreError>> {
            self.$field.append(batch)
        }
    };
    (@ $field:tt, read) => {
        fn read(
            &self,
            query: esrs::store::ReadQuery,
            page: esrs::store::Page,
        ) -> futures_core::future::BoxFuture<'_, Result<esrs::store::Page, esrs::StoreError>> {
            self.$field.read(query, page)
        }
    };
    (@ $field:tt, find_append) => {
        fn find_append(
            &self,
            stream: esrs::StreamId,
            key: esrs::store::IdempotencyKey,
        ) -> futures_core::future::BoxFuture<'_, Result<Option<esrs::store::Appended>, esrs::StoreError>> {
            self.$field.find_append(stream, key)
        }
    };
    (@ $field:tt, save_snapshot) => {
        fn save_snapshot(
            &self,
            snapshot: esrs::store::Snapshot,
        ) -> futures_core::future::BoxFuture<'_, Result<(), esrs::StoreError>> {
            self.$field.save_snapshot(snapshot)
        }
    };
    // Methods that no test changes.
    (@ $field:tt, others) => {
        fn import_chunk(
            &self,
            events: Vec<(esrs::StreamId, esrs::store::NewEvent)>,
        ) -> futures_core::future::BoxFuture<'_, Result<esrs::store::Imported, esrs::StoreError>> {
            self.$field.import_chunk(events)
        }

        fn streams(
            &self,
            query: esrs::store::StreamsQuery,
        ) -> futures_core::future::BoxFuture<'_, Result<Vec<esrs::StreamId>, esrs::StoreError>> {
            self.$field.streams(query)
        }

        fn count_streams(
            &self,
            category: String,
        ) -> futures_core::future::BoxFuture<'_, Result<u64, esrs::StoreError>> {
            self.$field.count_streams(category)
        }

        fn log_id(&self) -> esrs::store::LogId {
            self.$field.log_id()
        }
    };
}
