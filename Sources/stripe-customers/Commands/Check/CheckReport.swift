import JSON

/// Collects the findings. On a terminal each is shown as soon as it is there, since Stripe may take its time; a program gets
/// one JSON object in the end.
struct CheckReport {
    private(set) var findings: [Finding] = []
    private let terminal: Terminal?

    init(_ environment: [String: String]) { terminal = Terminal(1, environment) }

    var isWell: Bool { !findings.contains { $0.state == .failed } }

    mutating func add(_ finding: Finding) throws(StartFailure) {
        findings.append(finding)
        guard let terminal else { return }
        for line in Self.lines(finding, terminal) { try printLine(line) }
    }

    func finish() throws(StartFailure) {
        if let terminal {
            let failed = findings.count { $0.state == .failed }
            let warnings = findings.count { $0.state == .warning }
            let verdict = failed == 0 ? "all is well" : "\(failed) of \(findings.count) failed"
            let remark = warnings == 0 ? "" : warnings == 1 ? ", with one warning" : ", with \(warnings) warnings"
            try printLine(terminal.coloured(verdict + remark, failed > 0 ? .red : warnings > 0 ? .yellow : .green))
        } else {
            let report: JSONValue = [
                "ok": .bool(isWell), "version": .string(version), "checks": .array(findings.map(\.json)),
            ]
            try printLine(report.serialized())
        }
    }

    /// `failed   rights    the key may not …`, what to do below it, and all within the width.
    private static func lines(_ finding: Finding, _ terminal: Terminal) -> [String] {
        let colour: Terminal.Colour =
            switch finding.state {
            case .ok: .green
            case .failed: .red
            case .skipped, .warning: .yellow
            }
        let state = padded(finding.state.rawValue, 9)
        let margin = String(repeating: " ", count: 19)
        let texts = [finding.message] + (finding.next.map { ["→ " + $0] } ?? [])
        let lines = texts.flatMap { Terminal.wrapped($0, width: Terminal.width - margin.count, indent: "") }
        return lines.enumerated().map { index, line in
            index == 0 ? terminal.coloured(state, colour) + padded(finding.name, 10) + line : margin + line
        }
    }

    private static func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
    }
}
