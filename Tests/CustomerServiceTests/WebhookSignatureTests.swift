import CustomerService
import Environment
import Interface
import JSON
import Testing

@Suite("Signatures of webhooks")
struct WebhookSignatureTests {
    private let payload = #"{"id":"evt_1","object":"event","type":"ping"}"#

    private func isAccepted(_ signature: String, payload: String? = nil, secrets: [String]? = nil) async throws -> Bool
    {
        let bench = try await WebhookBench()
        var service = bench.service
        if let secrets { service.webhookSecrets = secrets }
        let method = try #require(service.methods.first { $0.name == "handleWebhook" })
        do throws(ServiceError) {
            let params: JSONObject = ["payload": .string(payload ?? self.payload), "signature": .string(signature)]
            return try await method.call(Call(params))["eventId"]?.string == "evt_1"
        } catch {
            #expect(error.kind == .invalidSignature)
            #expect(!error.retryable)
            return false
        }
    }

    @Test("The right one is accepted, up to five minutes old, also among others and beside other schemes")
    func accepted() async throws {
        let bench = try await WebhookBench()
        let right = bench.signature(of: payload)
        let digest = right.split(separator: "=").last ?? ""
        let wrong = String(repeating: "0", count: 64)
        #expect(try await isAccepted(right))
        #expect(try await isAccepted(bench.signature(of: payload, ago: 300)))
        #expect(try await isAccepted(bench.signature(of: payload, ago: -300)))
        #expect(try await isAccepted(right + ",v1=\(wrong),v0=\(wrong)"))
        #expect(try await isAccepted(right.replacing(",v1", with: ",v1=\(wrong), v1")))
        #expect(try await isAccepted(right, secrets: ["whsec_new", WebhookBench.secret]))
        #expect(digest.count == 64)
    }

    @Test("Every other one is refused")
    func refused() async throws {
        let bench = try await WebhookBench()
        let right = bench.signature(of: payload)
        let digest = String(right.split(separator: "=").last ?? "")
        let time = bench.clock.now() / 1000
        let forgeries = [
            bench.signature(of: payload, secret: "whsec_other"), bench.signature(of: payload, ago: 301),
            bench.signature(of: payload, ago: -301), bench.signature(of: payload + " "), "", "nonsense", "t=\(time)",
            "v1=\(digest)", "t=\(time),v0=\(digest)", "t=\(time),v1=", "t=\(time),v1=\(digest.dropLast())",
            "t=\(time),v1=\(digest)00", "t=\(time + 1),v1=\(digest)", "t=0\(time),v1=\(digest)",
            "t=\(time),t=\(time - 1),v1=\(digest)", "t=x,v1=\(digest)", "t=-1,v1=\(digest)",
            "t=99999999999999999999,v1=\(digest)", "t=\(time),t=\(time),v1=\(digest)", "t=\(time),V1=\(digest)",
            "t=\(time);v1=\(digest)", "t=\(time),\u{301}v1=\(digest)", "t=\(time),v1 =\(digest)",
            "T=\(time),v1=\(digest)",
            "t=\u{FF11}\(String(time).dropFirst()),v1=\(digest)", "t=\(time),v1=\(digest) x",
            "t=\(time).0,v1=\(digest)",
        ]
        for forgery in forgeries { #expect(try await !isAccepted(forgery), "\(forgery)") }
        #expect(try await !isAccepted(right, payload: payload.replacing("evt_1", with: "evt_2")))
        #expect(try await !isAccepted(right, secrets: []))
        #expect(try await !isAccepted(right, secrets: ["whsec_new"]))
    }

    @Test("Secrets stand in the variable with commas or white space between them")
    func variable() {
        #expect(webhookSecrets(in: "") == [])
        #expect(webhookSecrets(in: "whsec_1") == ["whsec_1"])
        #expect(webhookSecrets(in: " whsec_1,whsec_2\n whsec_3 ") == ["whsec_1", "whsec_2", "whsec_3"])
    }
}
