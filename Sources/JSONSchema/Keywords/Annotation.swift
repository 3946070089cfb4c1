import JSON

/// A keyword for readers (validation, section 9, and `$comment`). Only its type is checked.
struct Annotation: Keyword {
    init?(_ site: KeywordSite, _ compiler: inout SchemaCompiler) throws(SchemaError) {
        switch site.name {
        case "default": break
        case "deprecated", "readOnly", "writeOnly": _ = try site.bool()
        case "examples": _ = try site.array()
        default: _ = try site.string()
        }
        return nil
    }

    func evaluate(_ instance: JSONValue, in evaluation: inout Evaluation) {}
}
