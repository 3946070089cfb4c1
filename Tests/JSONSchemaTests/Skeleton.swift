import Testing

@Suite struct JSONSchemaSkeleton {}
