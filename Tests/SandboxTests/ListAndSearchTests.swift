import HTTP
import JSON
import Testing

@Suite("Listing and searching in the sandbox")
struct ListAndSearchTests {
    @Test("Lists are newest first and page in both directions")
    func pages() async throws {
        let sandbox = try StripeSandbox()
        var ids: [String] = []
        for number in 0..<25 {
            ids.insert(try await sandbox.create(), at: 0)
            // Some share their second, some don't.
            if number.isMultiple(of: 3) { sandbox.clock.advance(seconds: 1) }
        }
        let first = try await sandbox.send(.get, "/v1/customers")
        #expect(first.ids == Array(ids[0..<10]) && first.hasMore == true)
        #expect(first.json["object"] == "list" && first.json["url"] == "/v1/customers")
        var forward = first.ids
        while true {
            let page = try await sandbox.send(.get, "/v1/customers", "limit=7&starting_after=\(forward.last ?? "")")
            forward += page.ids
            if page.hasMore == false { break }
        }
        #expect(forward == ids)
        let back = try await sandbox.send(.get, "/v1/customers", "limit=3&ending_before=\(ids[10])")
        #expect(back.ids == Array(ids[7..<10]) && back.hasMore == true)
        let top = try await sandbox.send(.get, "/v1/customers", "limit=5&ending_before=\(ids[2])")
        #expect(top.ids == Array(ids[0..<2]) && top.hasMore == false)
        #expect(try await sandbox.send(.get, "/v1/customers", "limit=100").ids == ids)
        // A customer that is deleted meanwhile still marks its place.
        try await sandbox.send(.delete, "/v1/customers/\(ids[4])")
        let next = try await sandbox.send(.get, "/v1/customers", "limit=1&starting_after=\(ids[4])")
        #expect(next.ids == [ids[5]])
    }

    @Test("A list filters by the exact email, by creation time and by test clock")
    func filters() async throws {
        let sandbox = try StripeSandbox()
        let lower = try await sandbox.create("email=ada@example.com")
        sandbox.clock.advance(seconds: 10)
        let upper = try await sandbox.create("email=Ada@example.com")
        let clocked = try await sandbox.create("test_clock=clock_1")
        func list(_ query: String) async throws -> [String] { try await sandbox.send(.get, "/v1/customers", query).ids }
        #expect(try await list("email=ada@example.com") == [lower])
        #expect(try await list("email=Ada%40example.com") == [upper])
        #expect(try await list("email=ADA@example.com") == [])
        #expect(try await list("") == [upper, lower])
        #expect(try await list("test_clock=clock_1") == [clocked])
        #expect(try await list("created=1767225600") == [lower])
        #expect(try await list("created[gt]=1767225600") == [upper])
        #expect(try await list("created[gte]=1767225600&created[lt]=1767225610") == [lower])
        #expect(try await list("created[lte]=1767225609&email=Ada@example.com") == [])
    }

    static let searches: [(query: String, found: [String])] = [
        (#"email:"ADA@example.com""#, ["ada"]),
        (#"email:'ada@example.com'"#, ["ada"]),
        (#"email~"EXAMPLE""#, ["bob", "ada"]),
        (#"name:"ada lovelace""#, ["ada"]),
        (#"name~"love""#, ["ada"]),
        (#"phone:"+44 1""#, ["bob"]),
        (#"metadata["userId"]:"U1""#, ["ada"]),
        (#"metadata['plan']:'fr"ee\\'"#, ["bob"]),
        (#"metadata["quo\"te"]:"x""#, ["ada"]),
        (#"metadata["plan"]:null"#, ["cy", "ada"]),
        (#"-metadata["plan"]:null"#, ["bob"]),
        (#"-email:"ada@example.com""#, ["cy", "bob"]),
        (#"email~"example" AND -name~"lovelace""#, ["bob"]),
        (#"email~"example" name~"lovelace""#, ["ada"]),
        (#"email:"ada@example.com" OR name:"cy""#, ["cy", "ada"]),
        ("created>1767225600", ["cy"]),
        (#"created<="1767225600" AND email:null"#, []),
        (#"email:"%""#, []),
    ]

    @Test("A search finds", arguments: searches)
    func search(query: String, found: [String]) async throws {
        let sandbox = try StripeSandbox()
        let ada = try await sandbox.create(
            "email=Ada@Example.com&name=Ada+Lovelace&metadata[userId]=u1&metadata[quo%22te]=x")
        let bob = try await sandbox.create("email=bob@example.org&phone=%2B44+1&metadata[plan]=fr%22ee%5C")
        sandbox.clock.advance(seconds: 1)
        let cy = try await sandbox.create("name=Cy")
        let names = [ada: "ada", bob: "bob", cy: "cy"]
        let answer = try await sandbox.send(.get, "/v1/customers/search", "query=" + encoded(query))
        #expect(answer.ids.map { names[$0] } == found, "\(answer.json)")
        #expect(answer.json["object"] == "search_result" && answer.json["next_page"] == .some(.null))
    }

    @Test(
        "A search that isn't in the language is refused",
        arguments: [
            "", "email", "email:", "email:ada", #"email:"ada"#, #"city:"x""#, #"email>"a""#, #"email~"ab""#,
            #"metadata:"x""#, #"metadata["k"]~"abc""#, #"created:"x""#, "created:null", "created~123",
            #"email:"a" AND name:"b" OR name:"c""#, #"email:"a" AND"#,
            (0...10).map { "created>\($0)" }.joined(separator: " OR "),
        ])
    func badSearch(query: String) async throws {
        let answer = try await StripeSandbox().send(.get, "/v1/customers/search", "query=" + encoded(query))
        #expect(answer.status == 400 && answer.param == "query")
    }

    @Test("A search pages with the token that it gives")
    func searchPages() async throws {
        let sandbox = try StripeSandbox()
        var ids: [String] = []
        for _ in 0..<5 { ids.insert(try await sandbox.create("name=Ada"), at: 0) }
        var found: [String] = []
        var page = ""
        repeat {
            let answer = try await sandbox.send(.get, "/v1/customers/search", "limit=2&query=name:%22ada%22" + page)
            found += answer.ids
            page = answer.json["next_page"]?.string.map { "&page=" + $0 } ?? ""
            #expect(answer.hasMore == !page.isEmpty)
        } while !page.isEmpty
        #expect(found == ids)
    }
}
