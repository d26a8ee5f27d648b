import Synchronization

/// A value that one part sets and others read as it is at the time.
final class SharedValue<Value: Sendable>: Sendable {
    private let held: Mutex<Value>

    init(_ value: Value) { held = Mutex(value) }

    var value: Value {
        get { held.withLock { $0 } }
        set { held.withLock { $0 = newValue } }
    }

    func update(_ change: (inout Value) -> Void) { held.withLock { change(&$0) } }
}
