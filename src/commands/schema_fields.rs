//! The fields of a JSON Schema, with their descriptions.

use serde_json::Value;

/// Returns the path and the description of each field: `leaf.days_left`, `addresses.failed[].ip`. In a
/// map, `*` stands for each key.
pub(super) fn described(schema: &Value) -> Vec<(String, String)> {
    let mut fields = Fields {
        schema,
        found: Vec::new(),
    };
    fields.below(schema, "");
    let one_line = |(path, about): (String, &str)| (path, about.replace('\n', " "));
    fields.found.into_iter().map(one_line).collect()
}

/// Collects the fields of a schema with their descriptions.
struct Fields<'a> {
    schema: &'a Value,
    /// Path and description of each field.
    found: Vec<(String, &'a str)>,
}

impl<'a> Fields<'a> {
    /// Returns the definition that a value refers to, or the value itself.
    fn resolved(&self, value: &'a Value) -> &'a Value {
        let pointer = value["$ref"].as_str().and_then(|it| it.strip_prefix('#'));
        let definition = pointer.and_then(|pointer| self.schema.pointer(pointer));
        definition.unwrap_or(value)
    }

    /// Adds the fields below a value.
    fn below(&mut self, value: &'a Value, path: &str) {
        let value = self.resolved(value);
        let properties = value["properties"].as_object();
        for (name, property) in properties.into_iter().flatten() {
            let path = match path {
                "" => name.clone(),
                path => format!("{path}.{name}"),
            };
            let described = [property, self.resolved(property)];
            let about = described
                .into_iter()
                .find_map(|it| it["description"].as_str());
            self.found.extend(about.map(|about| (path.clone(), about)));
            self.below(property, &path);
        }
        for choice in value["anyOf"].as_array().into_iter().flatten() {
            self.below(choice, path);
        }
        if value["items"].is_object() {
            self.below(&value["items"], &format!("{path}[]"));
        }
        if value["additionalProperties"].is_object() {
            self.below(&value["additionalProperties"], &format!("{path}.*"));
        }
    }
}
