//! An object's schema while fields may still be spread into it.

use super::{Json, Object, describe, typed};

/// The content of an object.
#[derive(Debug, Clone, Default)]
pub(super) struct Spread {
    pub(super) properties: Vec<(String, Object)>,
    pub(super) required: Vec<String>,
    /// The schema of the names of its other fields; `None` for any.
    pub(super) names: Option<Object>,
    pub(super) rest: Rest,
    pub(super) notes: Vec<String>,
}

/// The fields that an object may hold next to its known ones.
#[derive(Debug, Clone, Default)]
pub(super) enum Rest {
    /// Anything: a reader skips it.
    #[default]
    Open,
    /// Nothing.
    Closed,
    /// Values like this.
    Values(Object),
}

impl Spread {
    /// An object of one field that has to be there.
    pub(super) fn of(name: &str, schema: Object) -> Self {
        Self {
            properties: vec![(name.to_owned(), schema)],
            required: vec![name.to_owned()],
            ..Self::default()
        }
    }

    /// The same object with a tag before its fields.
    pub(super) fn tagged(mut self, tag: &str, variant: &str) -> Self {
        let value = Object::default().with("const", variant);
        if let Some(names) = self.names.take() {
            let own = Object::default().with("const", tag);
            self.names = Some(Object::default().with("anyOf", vec![own, names]));
        }
        self.properties.insert(0, (tag.to_owned(), value));
        self.required.insert(0, tag.to_owned());
        self
    }

    pub(super) fn schema(self) -> Object {
        let mut schema = typed("object");
        if !self.properties.is_empty() {
            let properties = self.properties.into_iter();
            let properties = properties.map(|(name, schema)| (name, Json::from(schema)));
            schema.put("properties", properties.collect::<Object>());
        }
        if !self.required.is_empty() {
            schema.put("required", self.required);
        }
        if let Some(names) = self.names {
            schema.put("propertyNames", names);
        }
        match self.rest {
            Rest::Open => {}
            Rest::Closed => schema.put("additionalProperties", false),
            Rest::Values(values) => schema.put("additionalProperties", values),
        }
        self.notes.iter().for_each(|note| describe(&mut schema, note));
        schema
    }
}
