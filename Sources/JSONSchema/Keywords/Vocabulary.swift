import JSON

/// The closed list of keywords.
///
/// Sources: draft 2020-12 core, https://json-schema.org/draft/2020-12/json-schema-core, and validation,
/// https://json-schema.org/draft/2020-12/json-schema-validation.
enum Vocabulary {
    static let keywords: [CodePoints: any Keyword.Type] = Dictionary(
        uniqueKeysWithValues: families.flatMap(\.self).map { (CodePoints($0), $1) })

    private static let families: [KeyValuePairs<String, any Keyword.Type>] = [
        ["$schema": Dialect.self, "$id": Identifier.self, "$ref": Reference.self, "$defs": Definitions.self],
        [
            "$comment": Annotation.self, "title": Annotation.self, "description": Annotation.self,
            "default": Annotation.self, "deprecated": Annotation.self, "readOnly": Annotation.self,
            "writeOnly": Annotation.self, "examples": Annotation.self,
        ],
        ["type": TypeKeyword.self, "enum": AllowedValues.self, "const": AllowedValues.self],
        [
            "minimum": NumberLimit.self, "maximum": NumberLimit.self, "exclusiveMinimum": NumberLimit.self,
            "exclusiveMaximum": NumberLimit.self, "multipleOf": MultipleOf.self,
        ],
        [
            "minLength": SizeLimit.self, "maxLength": SizeLimit.self, "pattern": PatternKeyword.self,
            "format": FormatKeyword.self,
        ],
        [
            "prefixItems": PrefixItems.self, "items": Items.self, "minItems": SizeLimit.self,
            "maxItems": SizeLimit.self, "uniqueItems": UniqueItems.self, "contains": Contains.self,
            "minContains": ContainsLimit.self, "maxContains": ContainsLimit.self,
        ],
        [
            "required": Required.self, "dependentRequired": DependentRequired.self, "properties": Properties.self,
            "patternProperties": PatternProperties.self, "additionalProperties": AdditionalProperties.self,
            "propertyNames": PropertyNames.self, "minProperties": SizeLimit.self, "maxProperties": SizeLimit.self,
        ],
        [
            "allOf": AllOf.self, "anyOf": AnyOf.self, "oneOf": OneOf.self, "not": Not.self, "if": If.self,
            "then": IfBranch.self, "else": IfBranch.self,
        ],
    ]

    /// Why a schema with this keyword is refused.
    static func refusal(of name: String) -> String {
        let suggestion = nearest(name, in: families.flatMap { $0.map(\.key) })
        return "is not a supported keyword" + (suggestion.map { "; did you mean \(quoted($0))?" } ?? "")
    }
}
