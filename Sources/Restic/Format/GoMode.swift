/// File modes as the format holds them: Go's `fs.FileMode`, whose bits for what a file is are not those of the system.
enum GoMode {
    private static let folder: UInt32 = 1 << 31
    private static let link: UInt32 = 1 << 27
    private static let device: UInt32 = 1 << 26
    private static let fifo: UInt32 = 1 << 25
    private static let socket: UInt32 = 1 << 24
    private static let characterDevice: UInt32 = 1 << 21
    /// Bits of the system, and what they are here.
    private static let special: [(system: UInt32, here: UInt32)] = [(0o4000, 1 << 23), (0o2000, 1 << 22), (0o1000, 1 << 20)]

    static func encode(_ mode: UInt32, _ kind: TreeNode.Kind) -> UInt32 {
        let type: UInt32 =
            switch kind {
            case .file: 0
            case .folder: folder
            case .symbolicLink: link
            case .fifo: fifo
            case .socket: socket
            case .device: device
            case .characterDevice: device | characterDevice
            }
        return special.reduce(mode & 0o777 | type) { $1.system & mode != 0 ? $0 | $1.here : $0 }
    }

    /// The permission bits, with setuid, setgid and sticky.
    static func decode(_ mode: UInt32) -> UInt32 { special.reduce(mode & 0o777) { $1.here & mode != 0 ? $0 | $1.system : $0 } }
}
