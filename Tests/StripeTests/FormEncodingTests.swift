import JSON
import Stripe
import Testing

@Suite("Form encoding")
struct FormEncodingTests {
    @Test(
        "An object is encoded the way Stripe reads it",
        arguments: [
            ("{}", ""),
            (#"{"email":"ada@example.com","name":"Ada Lovelace"}"#, "email=ada%40example.com&name=Ada%20Lovelace"),
            (#"{"address":{"city":"Köln","line2":null}}"#, "address%5Bcity%5D=K%C3%B6ln&address%5Bline2%5D="),
            (#"{"preferred_locales":["de","en"]}"#, "preferred_locales%5B0%5D=de&preferred_locales%5B1%5D=en"),
            (
                #"{"tax_id_data":[{"type":"eu_vat","value":"DE1"},{"type":"x","value":"2"}]}"#,
                "tax_id_data%5B0%5D%5Btype%5D=eu_vat&tax_id_data%5B0%5D%5Bvalue%5D=DE1"
                    + "&tax_id_data%5B1%5D%5Btype%5D=x&tax_id_data%5B1%5D%5Bvalue%5D=2"
            ),
            (#"{"phone":null,"metadata":null,"preferred_locales":null}"#, "phone=&metadata=&preferred_locales="),
            (#"{"phone":null,"metadata":{},"preferred_locales":[]}"#, "phone="),
            (#"{"address":{},"shipping":{"address":{},"name":"A"},"tax":{"a":{"b":[{}]}}}"#, "shipping%5Bname%5D=A"),
            (#"{"invoice_settings":{"custom_fields":[],"rendering_options":{}},"x":[[],{}]}"#, ""),
            (#"{"invoice_settings":{"custom_fields":null}}"#, "invoice_settings%5Bcustom_fields%5D="),
            (#"{"metadata":{"a":null,"b":""}}"#, "metadata%5Ba%5D=&metadata%5Bb%5D="),
            (#"{"validate":true,"off":false}"#, "validate=true&off=false"),
            (#"{"balance":-1200,"rate":1.50,"huge":1e30}"#, "balance=-1200&rate=1.50&huge=1e30"),
            (#"{"a":100.0,"b":-1E2,"c":-0.0,"d":12.5e1}"#, "a=100&b=-100&c=0&d=125"),
            (#"{"metadata":{"a&b=c+d":"x&y=z+%"}}"#, "metadata%5Ba%26b%3Dc%2Bd%5D=x%26y%3Dz%2B%25"),
            (#"{"name":"a-b.c_d~e"}"#, "name=a-b.c_d~e"),
            (#"{"name":"\u0000\n\ud83d\ude00"}"#, "name=%00%0A%F0%9F%98%80"),
            (#"{"expand":["data.subscriptions"]}"#, "expand%5B0%5D=data.subscriptions"),
            (#"{"b":1,"a":2}"#, "b=1&a=2"),
        ])
    func table(json: String, form: String) throws {
        let object = try #require(try JSONValue(parsing: Array(json.utf8)).object)
        #expect(formEncoded(object) == form)
    }

    @Test(
        "A search literal escapes quotes and backslashes",
        arguments: [
            ("ada@example.com", #""ada@example.com""#), (#"say "hi""#, #""say \"hi\"""#), (#"a\b"#, #""a\\b""#),
            (#"\""#, #""\\\"""#), ("", #""""#),
        ])
    func quoting(text: String, literal: String) {
        #expect(searchQuote(text) == literal)
    }
}
