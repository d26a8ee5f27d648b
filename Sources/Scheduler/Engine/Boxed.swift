/// Keeps a large value elsewhere, so that what holds it is copied at little cost. Copies share it until one of them is set.
@propertyWrapper
package struct Boxed<Value: Sendable>: Sendable {
    private final class Box: Sendable {
        let value: Value
        init(_ value: Value) { self.value = value }
    }

    private var box: Box

    package init(wrappedValue: Value) { box = Box(wrappedValue) }

    package var wrappedValue: Value {
        // What is looked at is not copied: a definition holds a dozen references.
        _read { yield box.value }
        set { box = Box(newValue) }
    }
}
