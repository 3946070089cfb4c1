import CustomerStore
package import Environment
package import Interface
import JSON
import Stripe

/// Follows Stripe's list of events, for hosts that have no webhook endpoint; the effects are the same.
///
/// Of all processes on the database one polls at a time. How far it has come is on disk. Stripe does not promise that
/// events appear in the list in the order of their times, so each poll begins a minute behind the newest event; that an
/// event counts only once makes the repetition harmless.
package struct EventPoller: Sendable {
    private let service: CustomerService
    private let interval: Milliseconds

    private static let duty = LeaseName.duty("events")
    private static let cursorName = "events_cursor"
    private static let overlapSeconds: Int64 = 60
    private static let pageSize = 100

    /// The newest event that needs not be read again, or only its time as long as there is none.
    private struct Cursor: Codable, Sendable {
        var id: String?
        var created: Int64
    }

    /// - Parameter interval: From the end of one poll to the begin of the next.
    package init(service: CustomerService, interval: Milliseconds) {
        self.service = service
        self.interval = interval
    }

    /// Polls until the task is cancelled.
    package func run() async {
        while !Task.isCancelled {
            do throws(ServiceError) {
                try await audited("poll", as: .system) { _ async throws(ServiceError) in _ = try await poll() }
            } catch {
                service.log(.warning, "events.poll_failed", error.logFields)
            }
            await SystemClock().sleep(interval)
        }
        // What is not given back expires by itself.
        try? await service.store.release(Self.duty)
    }

    /// Takes in what has happened since the last poll, oldest first. The very first one only notes the time: what
    /// happened before is reconcile's business.
    /// - Returns: How many events there were, those seen before included.
    /// - Throws: `ServiceError` when Stripe or the database can't be reached; the next poll goes on there.
    package func poll() async throws(ServiceError) -> Int {
        guard try await stored(await service.store.lease(Self.duty)) else {
            return 0
        }
        guard var cursor = try await savedCursor() else {
            try await save(Cursor(created: service.clock.now() / 1000))
            return 0
        }
        var count = 0
        var place = cursor.id
        if place == nil, let oldest = try await oldestEvent(since: cursor.created) {
            try await take(oldest, &cursor)
            (place, count) = (oldest.id, 1)
        }
        guard place != nil else { return count }
        var walk = service.stripe.walk("/v1/events", .newer, from: place)
        var goesOn = true
        while goesOn {
            guard let page = try await page(after: walk.place) else {
                // Stripe has forgotten the event: "going back up to 30 days".
                service.log(.warning, "events.cursor_lost")
                cursor.id = nil
                try await save(cursor)
                return count
            }
            for event in page.data.reversed() { try await take(event, &cursor) }
            count += page.data.count
            try await save(cursor)
            goesOn = try await atStripe { () async throws(StripeError) in try walk.goesOn(after: page) }
            if Task.isCancelled { break }
        }
        return count
    }

    private func take(_ event: WebhookEvent, _ cursor: inout Cursor) async throws(ServiceError) {
        do throws(ServiceError) {
            let outcome = try await WebhookIntake(service: service).take(event)
            service.log(
                .debug, "events.taken",
                ["eventId": .string(event.id), "effect": .string(outcome.effect.rawValue)])
        } catch {
            // An outage, and be it of the key, says nothing about the event: it would be passed over for good.
            guard !error.retryable, !error.isOutage else { throw error }
            service.log(
                .error, "events.failed", ["eventId": .string(event.id), "error": .string(error.kind.rawValue)])
        }
        if event.created <= service.clock.now() / 1000 - Self.overlapSeconds {
            cursor = Cursor(id: event.id, created: event.created)
        }
    }

    // MARK: Stripe's list

    /// Walks back from the newest event, since a list can't be asked for its end.
    private func oldestEvent(since created: Int64) async throws(ServiceError) -> WebhookEvent? {
        var walk = service.stripe.walk("/v1/events")
        var oldest: WebhookEvent?
        var goesOn = true
        while goesOn {
            let start = walk.place
            let page = try await atStripe { () async throws(StripeError) in
                try await list(startingAfter: start, createdFrom: created.multipliedSaturated(by: 1000))
            }
            oldest = page.data.last ?? oldest
            goesOn = try await atStripe { () async throws(StripeError) in try walk.goesOn(after: page) }
        }
        return oldest
    }

    /// The events right after this one, the newest first; `nil` when Stripe does not know it any more.
    private func page(after id: String?) async throws(ServiceError) -> Page<WebhookEvent>? {
        do throws(StripeError) {
            return try await list(endingBefore: id)
        } catch {
            if error.missing != nil { return nil }
            throw ServiceError(error)
        }
    }

    private func list(
        startingAfter: String? = nil, endingBefore: String? = nil, createdFrom: Milliseconds? = nil
    ) async throws(StripeError) -> Page<WebhookEvent> {
        let page = try await service.stripe.listEvents(
            types: WebhookEvent.Kind.allCases.map(\.rawValue), limit: Self.pageSize, startingAfter: startingAfter,
            endingBefore: endingBefore, createdFrom: createdFrom
        ).value
        return page.compactMap { object in
            guard !WebhookEvent.isThin(object), var event = WebhookEvent(object) else {
                service.log(.error, "events.failed", ["error": "unreadable"])
                return nil
            }
            // What is listed for a connected account is of that account, whether it says so or not.
            if event.account == nil { event.account = service.account }
            return event
        }
    }

    // MARK: The cursor

    private func savedCursor() async throws(ServiceError) -> Cursor? {
        let text = try await stored(await service.store.setting(Self.cursorName))
        guard let text, let value = try? JSONValue(parsing: Array(text.utf8)) else { return nil }
        guard var cursor = try? value.decoded() as Cursor else { return nil }
        // Nothing would be listed after a time that has not come.
        let now = service.clock.now()
        if !StoredTime.isBelieved(cursor.created.multipliedSaturated(by: 1000), at: now) { cursor.created = now / 1000 }
        return cursor
    }

    private func save(_ cursor: Cursor) async throws(ServiceError) {
        let text = (try? JSONValue(encoding: cursor))?.description
        try await stored(await service.store.set(Self.cursorName, to: text))
    }
}
