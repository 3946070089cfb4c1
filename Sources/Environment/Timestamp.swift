/// The instant as RFC 3339 in UTC with milliseconds: `2026-01-01T00:00:00.000Z`.
///
/// The calendar is Howard Hinnant's `civil_from_days` (https://howardhinnant.github.io/date_algorithms.html): exact
/// over the whole range, without Foundation.
///
/// RFC 3339 has years of four digits: a time before or after those, which only a broken row holds, is the nearest it has.
package func rfc3339(_ time: Milliseconds) -> String {
    let time = min(max(time, -62_167_219_200_000), 253_402_300_799_999)
    let (day, millisecond) = time.flooredQuotientAndRemainder(dividingBy: 86_400_000)
    let (era, dayOfEra) = (day + 719_468).flooredQuotientAndRemainder(dividingBy: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    // The year of this calendar begins in March, so that the leap day is its last.
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)

    let second = millisecond / 1000
    let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(dayOfMonth, 2))"
    let clock = "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    return "\(date)T\(clock).\(padded(millisecond % 1000, 3))Z"
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}

extension Int64 {
    fileprivate func flooredQuotientAndRemainder(dividingBy divisor: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
    }
}

/// The instant that an RFC 3339 text names, whatever its offset; what is finer than a millisecond is cut off, and a leap
/// second counts as the one after it. `nil` for what has another form.
package func milliseconds(rfc3339 text: String) -> Milliseconds? {
    let bytes = Array(text.utf8)
    func number(_ start: Int, _ length: Int) -> Int64? {
        guard start + length <= bytes.count else { return nil }
        var value: Int64 = 0
        for byte in bytes[start..<start + length] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int64(byte - UInt8(ascii: "0"))
        }
        return value
    }
    guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2), let hour = number(11, 2),
        let minute = number(14, 2), let second = number(17, 2), (1...12).contains(month)
    else { return nil }
    var fraction: Int64 = 0
    var position = 19
    if position < bytes.count, bytes[position] == UInt8(ascii: ".") {
        let digits = bytes[(position + 1)...].prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        for index in 0..<3 {
            let digit = index < digits.count ? digits[digits.startIndex + index] - UInt8(ascii: "0") : 0
            fraction = fraction * 10 + Int64(digit)
        }
        position += 1 + digits.count
    }
    var offset: Int64 = 0
    if position < bytes.count, bytes[position] != UInt8(ascii: "Z"), bytes[position] != UInt8(ascii: "z") {
        guard let hours = number(position + 1, 2), let minutes = number(position + 4, 2) else { return nil }
        offset = (hours * 60 + minutes) * (bytes[position] == UInt8(ascii: "-") ? -1 : 1)
    }
    // The inverse of `civil_from_days`, from the same source.
    let shiftedYear = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = shiftedYear.flooredQuotientAndRemainder(dividingBy: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
    let days = era * 146_097 + dayOfEra - 719_468
    return ((days * 24 + hour) * 60 + minute - offset) * 60_000 + second * 1000 + fraction
}
