#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

/// The file with the certificates by which Stripe is trusted: `--ca-file`, else the variable that OpenSSL, Python and Go know
/// too; `nil` for the system's.
///
/// libcurl reads it only with the first connection, so that a file that can't serve would look like an outage.
func certificateAuthorities(_ options: Options, environment: [String: String]) throws(StartFailure) -> String? {
    let place: String
    let path: String
    if let file = options.certificateAuthorityFile {
        (place, path) = ("--ca-file", file)
    } else if let file = environment["SSL_CERT_FILE"], !file.isEmpty {
        (place, path) = ("SSL_CERT_FILE", file)
    } else {
        return nil
    }
    var status = stat()
    // A pipe could be read but once, and libcurl reads the file again for later connections.
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG {
        throw StartFailure(.configuration, "the file of \(place), \(path), is no regular file")
    }
    // The bundles of distributions have about 250 kB.
    let contents = try SmallFile(option: place, path: path, bytesMax: 16 << 20).read()
    guard String(decoding: contents, as: UTF8.self).contains("CERTIFICATE-----") else {
        throw StartFailure(
            .configuration, "the file of \(place), \(path), holds no certificate in PEM form",
            remedy: "it has to have lines like -----BEGIN CERTIFICATE-----")
    }
    return path
}
