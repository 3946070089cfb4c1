/// One numbered step of the database's schema: a file of this folder, compiled in.
package struct Migration: Sendable {
    /// From 1, without gaps.
    package let version: Int
    /// The file's name without its ending.
    package let name: String
    package let sql: [UInt8]
}

/// All migrations in their order. A migration that has shipped is never edited: its checksum is recorded.
package enum Migrations {
    package static let all: [Migration] = [
        Migration(version: 1, name: "V0001_users", sql: PackageResources.V0001_users_sql),
        Migration(version: 2, name: "V0002_customer_sync", sql: PackageResources.V0002_customer_sync_sql),
        Migration(version: 3, name: "V0003_users_triggers", sql: PackageResources.V0003_users_triggers_sql),
        Migration(version: 4, name: "V0004_stripe_events", sql: PackageResources.V0004_stripe_events_sql),
        Migration(version: 5, name: "V0005_audit", sql: PackageResources.V0005_audit_sql),
        Migration(
            version: 6, name: "V0006_changes_under_way", sql: PackageResources.V0006_changes_under_way_sql),
        Migration(
            version: 7, name: "V0007_registrations_under_keys",
            sql: PackageResources.V0007_registrations_under_keys_sql),
        Migration(version: 8, name: "V0008_event_effects", sql: PackageResources.V0008_event_effects_sql),
        Migration(version: 9, name: "V0009_sealed_changes", sql: PackageResources.V0009_sealed_changes_sql),
        Migration(
            version: 10, name: "V0010_customers_of_intents", sql: PackageResources.V0010_customers_of_intents_sql),
        Migration(
            version: 11, name: "V0011_calls_of_earlier_lives",
            sql: PackageResources.V0011_calls_of_earlier_lives_sql),
        Migration(version: 12, name: "V0012_application_mark", sql: PackageResources.V0012_application_mark_sql),
        Migration(
            version: 13, name: "V0013_proofs_of_customers", sql: PackageResources.V0013_proofs_of_customers_sql),
        Migration(version: 14, name: "V0014_host_keys", sql: PackageResources.V0014_host_keys_sql),
        Migration(version: 15, name: "V0015_refused_fields", sql: PackageResources.V0015_refused_fields_sql),
        Migration(version: 16, name: "V0016_heartbeats", sql: PackageResources.V0016_heartbeats_sql),
    ]

    /// The version of a database that has all of them.
    package static var newest: Int { all.last?.version ?? 0 }
}
