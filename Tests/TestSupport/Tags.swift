package import Testing

extension Tag {
    /// Takes longer than a few seconds.
    @Tag package static var slow: Self
}
