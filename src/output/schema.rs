//! The JSON Schema of a record, generated from the types.

use schemars::generate::SchemaSettings;

use super::Record;

/// Returns the schema of one line of JSONL output (draft 2020-12).
pub fn schema() -> serde_json::Value {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    let mut schema = settings
        .into_generator()
        .into_root_schema_for::<Record<'_>>();
    schema.insert("title".to_owned(), "A tlsweep record".into());
    schema.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::samples;

    #[test]
    fn rows_fit_the_schema() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        for sample in samples::all().into_iter().chain([samples::asked()]) {
            let row = serde_json::to_value(sample.record()).unwrap();
            let faults: Vec<String> = validator
                .iter_errors(&row)
                .map(|fault| format!("{}: {fault}", fault.instance_path()))
                .collect();
            assert!(faults.is_empty(), "{faults:#?}\n{row:#}");
        }
    }

    #[test]
    fn a_missing_or_mistyped_field_does_not_fit() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let row = serde_json::to_value(samples::expired().record()).unwrap();
        for field in row.as_object().unwrap().keys() {
            let mut less = row.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(!validator.is_valid(&less), "a row without {field} fits");
            let mut wrong = row.clone();
            wrong[field] = serde_json::json!([[]]);
            assert!(!validator.is_valid(&wrong), "any {field} fits");
        }
        for object in ["timing_ms", "tls", "leaf", "chain"] {
            for field in row[object].as_object().unwrap().keys() {
                let mut less = row.clone();
                less[object].as_object_mut().unwrap().remove(field);
                assert!(!validator.is_valid(&less), "{object} without {field} fits");
            }
        }
    }
}
