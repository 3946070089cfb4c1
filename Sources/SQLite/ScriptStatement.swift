import CSQLite

/// One statement of a script and the comments that stand directly before it.
package struct ScriptStatement: Sendable, Equatable {
    /// The text of each `--` or `/* */` comment, without its marks and outer white space.
    package let leadingComments: [String]
    /// From the first word to the semicolon, inner comments included.
    package let sql: String
}

/// Cuts a script into its statements. SQLite's own `sqlite3_complete` says where each one ends, so strings, comments
/// and the `BEGIN … END` of a trigger may hold semicolons (https://sqlite.org/c3ref/complete.html). Nothing is run or
/// checked.
/// - Throws: `SQLiteError` when the text after the last complete statement is neither white space nor a comment.
package func splitStatements(_ sql: String) throws(SQLiteError) -> [ScriptStatement] {
    var statements: [ScriptStatement] = []
    var rest = ArraySlice(sql.utf8)
    while !rest.isEmpty {
        let comments = takeComments(&rest)
        guard !rest.isEmpty else { break }
        let statement = takeStatement(&rest)
        let text = String(decoding: statement, as: UTF8.self)
        guard isComplete(statement) else {
            throw SQLiteError(code: SQLITE_ERROR, message: "incomplete statement at the end of the script", sql: text)
        }
        // An empty statement: a semicolon by itself.
        if statement.count > 1 { statements.append(ScriptStatement(leadingComments: comments, sql: text)) }
    }
    return statements
}

private func takeComments(_ rest: inout ArraySlice<UInt8>) -> [String] {
    var comments: [String] = []
    while true {
        rest = rest.drop(while: isWhiteSpace)
        if rest.starts(with: "--".utf8) {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            comments.append(trimmed(line.dropFirst(2)))
            rest = rest[line.endIndex...]
        } else if rest.starts(with: "/*".utf8) {
            // Without its end mark a comment runs to the end of the text: https://sqlite.org/lang_comment.html
            let body = rest.dropFirst(2)
            let end = body.indices.first { body[$0...].starts(with: "*/".utf8) } ?? body.endIndex
            comments.append(trimmed(body[..<end]))
            rest = body[end...].dropFirst(2)
        } else {
            return comments
        }
    }
}

/// Up to the first semicolon that completes a statement, or everything.
private func takeStatement(_ rest: inout ArraySlice<UInt8>) -> ArraySlice<UInt8> {
    let all = rest
    for index in all.indices where all[index] == UInt8(ascii: ";") && isComplete(all[...index]) {
        rest = all[(index + 1)...]
        return all[...index]
    }
    rest = []
    return all
}

private func isComplete(_ text: ArraySlice<UInt8>) -> Bool {
    (text.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { sqlite3_complete($0.baseAddress) == 1 }
}

private func trimmed(_ text: ArraySlice<UInt8>) -> String {
    let start = text.drop(while: isWhiteSpace)
    let length = start.lastIndex { !isWhiteSpace($0) }.map { $0 + 1 - start.startIndex } ?? 0
    return String(decoding: start.prefix(length), as: UTF8.self)
}
