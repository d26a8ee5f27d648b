import Files
import Testing

@Suite("Names as bytes")
struct ByteKeyTests {
    static let composed = "caf\u{e9}.png"
    static let decomposed = "cafe\u{301}.png"

    @Test("two forms of one name are two keys, although Swift takes their texts for equal")
    func forms() {
        #expect(Self.composed == Self.decomposed)
        #expect(ByteKey(Self.composed) != ByteKey(Self.decomposed))
        let sizes = [ByteKey(Self.composed): 1, ByteKey(Self.decomposed): 2]
        #expect(sizes[ByteKey(Self.composed)] == 1)
        #expect(sizes[ByteKey(Self.decomposed)] == 2)
        #expect(Set([Self.composed, Self.decomposed].map { ByteKey($0) }).count == 2)
    }

    @Test("the order is that of the bytes, however a text came about")
    func order() {
        // The order of UTF-16 units, and of characters, is another one.
        let names = ["", "B", "a", "a.b", "a/b", Self.decomposed, Self.composed, "\u{e9}", "e\u{301}", "\u{ff5e}", "\u{1f600}"]
        let expected = names.map { Array($0.utf8) }.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(names.shuffled().map { ByteKey($0) }.sorted().map { Array($0.text.utf8) } == expected)
    }
}
