extension ByteScanner {
    /// `date-time` of RFC 3339, section 5.6.
    mutating func readDateTime() -> Bool {
        guard let year = readNumber(digits: 4), skip("-"), let month = readNumber(digits: 2), skip("-"),
            let day = readNumber(digits: 2), (1...12).contains(month),
            (1...daysInMonth(month, of: year)).contains(day),
            skip("T") || skip("t"),
            let hour = readNumber(digits: 2), skip(":"), let minute = readNumber(digits: 2), skip(":"),
            let second = readNumber(digits: 2), hour < 24, minute < 60, second <= 60
        else { return false }
        if skip("."), readMany(isDigit) == 0 { return false }
        guard let offset = readOffset() else { return false }
        // Section 5.7: a leap second is always the last of a day in UTC, whatever the local time is.
        let minuteInUTC = (hour * 60 + minute - offset + 2 * minutesPerDay) % minutesPerDay
        return second < 60 || minuteInUTC == minutesPerDay - 1
    }

    /// Minutes ahead of UTC.
    private mutating func readOffset() -> Int? {
        if skip("Z") || skip("z") { return 0 }
        let isBehind = skip("-")
        guard isBehind || skip("+"), let hours = readNumber(digits: 2), skip(":"), let minutes = readNumber(digits: 2),
            hours < 24, minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isBehind ? -1 : 1)
    }
}

private let minutesPerDay = 24 * 60

private func daysInMonth(_ month: Int, of year: Int) -> Int {
    switch month {
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    case 4, 6, 9, 11: 30
    default: 31
    }
}
