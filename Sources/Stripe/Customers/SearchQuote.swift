/// A string as a quoted literal of Stripe's search language, its quotes included: `say "hi"` gives `"say \"hi\""`.
///
///     "email:\(searchQuote(email))"
///
/// "Strings inside a query must be quoted … backslash-escape quotes inside quotes."
/// https://docs.stripe.com/search#search-query-language
package func searchQuote(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        if scalar == "\"" || scalar == "\\" { result.unicodeScalars.append("\\") }
        result.unicodeScalars.append(scalar)
    }
    return result + "\""
}
