import JSON
import Testing

@testable import JSONSchema

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// https://github.com/json-schema-org/JSON-Schema-Test-Suite, its folder `tests/draft2020-12`; `.ci/fetch-schema-suite`
/// brings it.
@Suite struct OfficialSuiteTests {
    static let folder =
        ProcessInfo.processInfo.environment["JSON_SCHEMA_TEST_SUITE"]
        ?? #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
        + "/.build/json-schema-test-suite/tests/draft2020-12"

    /// Every file of the folder but two: `format` holds that formats don't assert, and here they do.
    /// `optional/format-assertion` chooses between the two by a metaschema of its own.
    static let files =
        [
            "additionalProperties", "allOf", "anchor", "anyOf", "boolean_schema", "const", "contains", "content",
            "default", "defs", "dependentRequired", "dependentSchemas", "dynamicRef", "enum", "exclusiveMaximum",
            "exclusiveMinimum", "if-then-else", "infinite-loop-detection", "items", "maxContains", "maxItems",
            "maxLength", "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties",
            "minimum", "multipleOf", "not", "oneOf", "pattern", "patternProperties", "prefixItems", "properties",
            "propertyNames", "ref", "refRemote", "required", "type", "unevaluatedItems", "unevaluatedProperties",
            "uniqueItems", "vocabulary",
        ]
        + [
            "bignum", "ecmascript-regex", "float-overflow", "no-schema", "non-bmp-regex", "refOfUnknownKeyword",
            "unknownKeyword", "format/date-time", "format/email", "format/uri", "format/uuid",
        ].map { "optional/" + $0 }

    /// Files none of whose schemas is refused: these keywords are supported in every combination.
    static let filesWithoutRefusals: Set = [
        "allOf", "anyOf", "boolean_schema", "const", "dependentRequired", "enum", "exclusiveMaximum",
        "exclusiveMinimum", "if-then-else", "infinite-loop-detection", "maxContains", "maxItems", "maxLength",
        "maxProperties", "maximum", "minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf",
        "oneOf", "pattern", "patternProperties", "prefixItems", "propertyNames", "required", "type", "uniqueItems",
        "optional/bignum", "optional/ecmascript-regex", "optional/float-overflow", "optional/no-schema",
        "optional/non-bmp-regex", "optional/format/date-time", "optional/format/email", "optional/format/uri",
        "optional/format/uuid",
    ]

    /// What a schema of the suite may be refused for: keywords outside of the closed list, `$id` inside a document,
    /// references out of it, other dialects, and the suite's own inventions.
    static let refusedKeywords: Set = [
        "$anchor", "$dynamicAnchor", "$dynamicRef", "$id", "$ref", "$schema", "contentEncoding", "contentMediaType",
        "dependentSchemas", "unevaluatedItems", "unevaluatedProperties", "unknown-keyword", "array_of_schemas",
    ]

    struct Score {
        var passed = 0
        var refused = 0
        var total = 0
    }

    @Test(
        "What is accepted of the official test suite is right, and the rest is refused by name",
        .enabled(
            if: FileManager.default.fileExists(atPath: folder),
            "the suite is not there; .ci/fetch-schema-suite brings it"))
    func suite() throws {
        var sum = Score()
        for file in Self.files {
            let data = try #require(FileManager.default.contents(atPath: "\(Self.folder)/\(file).json"), "\(file)")
            var score = Score()
            for group in try #require(try JSONValue(parsing: data).array) { try run(group, of: file, into: &score) }
            print("\(file): \(score.passed)/\(score.total) (refused \(score.refused))")
            if Self.filesWithoutRefusals.contains(file) { #expect(score.refused == 0, "\(file)") }
            sum.passed += score.passed
            sum.refused += score.refused
            sum.total += score.total
        }
        print("all: \(sum.passed)/\(sum.total) (refused \(sum.refused))")
        #expect(sum.passed + sum.refused == sum.total)
        #expect(sum.passed >= 963)
    }

    private func run(_ group: JSONValue, of file: String, into score: inout Score) throws {
        let tests = try #require(group["tests"]?.array)
        score.total += tests.count
        let schema: Schema
        do {
            schema = try Schema(try #require(group["schema"]))
        } catch let error as SchemaError {
            #expect(
                Self.refusedKeywords.contains(error.keyword), "\(file), \(group["description"]?.string ?? ""): \(error)"
            )
            score.refused += tests.count
            return
        }
        for test in tests {
            let violations = schema.validate(try #require(test["data"]))
            let name = [file, group["description"]?.string ?? "", test["description"]?.string ?? ""]
            #expect(violations.isEmpty == test["valid"]?.bool, "\(name)")
            #expect(violations.list.count == min(violations.total, 64), "\(name)")
            if violations.isEmpty == test["valid"]?.bool { score.passed += 1 }
        }
    }
}
