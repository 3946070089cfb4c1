extension FaultyStripe {
    /// What goes wrong with a request.
    package enum Fault: String, Sendable {
        /// Carried out, but answered with a 500 that is saved under the key and comes again for a day.
        case executedThenSaved500
        /// Not carried out; the 500 is saved all the same.
        case saved500
        /// Not carried out, nothing saved.
        case unsaved500
        case executedThenClosed, executedThenReset, executedThenStalled, executedThenHTML502
        case executedThenEmptyBody, executedThenTruncated
        case closed, reset, html502
        case rateLimited, lockTimeout, keyInUse

        // What an operator has to mend; nothing is carried out.
        case unauthorized, forbidden, badRequest, paymentRequired, failedDependency, unknownURL

        // Carried out; the answer is well formed and lacks something, or is about something else.
        case executedThenAbsentMembers, executedThenEmptyMetadata, executedThenDeletedStub, executedThenOtherObject
        /// Each customer in it is a stranger's, as where a proxy mixes up two answers.
        case executedThenMixedUp

        /// What goes away when the request is made again.
        package static let outages: [Fault] = [
            .executedThenSaved500, .saved500, .unsaved500, .executedThenClosed, .executedThenReset,
            .executedThenStalled, .executedThenHTML502, .executedThenEmptyBody, .executedThenTruncated, .closed, .reset,
            .html502, .rateLimited, .lockTimeout, .keyInUse,
        ]
        /// No user's fault: a key, an account, an address, a proxy.
        package static let operators: [Fault] = [
            .unauthorized, .forbidden, .badRequest, .paymentRequired, .failedDependency, .unknownURL,
        ]
        /// Answers that can't be taken for what they seem.
        package static let oddAnswers: [Fault] = [
            .executedThenAbsentMembers, .executedThenEmptyMetadata, .executedThenDeletedStub, .executedThenOtherObject,
        ]

        /// Whether Stripe has done what was asked.
        package var executes: Bool { rawValue.hasPrefix("executed") }
    }
}

extension FaultyStripe.Fault {
    /// The answer of an operator's fault.
    var refusal: (status: Int, type: String, code: String?, message: String)? {
        switch self {
        case .unauthorized: (401, "invalid_request_error", nil, "Invalid API Key provided.")
        case .forbidden: (403, "invalid_request_error", "more_permissions_required", "The key lacks a permission.")
        case .badRequest: (400, "invalid_request_error", nil, "This account can't do that at present.")
        case .paymentRequired: (402, "card_error", nil, "The account owes a fee.")
        case .failedDependency: (424, "api_error", nil, "Something that this depends on failed.")
        case .unknownURL: (404, "invalid_request_error", nil, "Unrecognized request URL.")
        default: nil
        }
    }
}
