import Foundation

/// What pods have in common: the rules of the PodSecurity level "restricted", and a root file system that nothing is written to. See
/// https://kubernetes.io/docs/concepts/security/pod-security-standards/.
struct PodTemplate {
    /// Of the images that this repository builds.
    static let user = 1000

    var labels: YAMLNode
    var annotations: [YAMLNode.Entry] = []
    var grace: Int
    var restart: String?
    /// Name, and what is mounted.
    var container: [YAMLNode.Entry?]
    var volumes: [YAMLNode]

    /// The value of `template`.
    var node: YAMLNode {
        .group([
            .init("metadata", .group([.init("labels", labels), annotations.isEmpty ? nil : .init("annotations", .map(annotations))])),
            .init("spec", spec),
        ])
    }

    private var spec: YAMLNode {
        .group([
            .init("automountServiceAccountToken", .boolean(false)),
            .init(
                "enableServiceLinks", .boolean(false),
                comments: ["Variables of Services, such as APP_PORT=tcp://10.0.0.1:80, would be taken for the app's own."]),
            .init("terminationGracePeriodSeconds", .integer(grace)),
            restart.map { .init("restartPolicy", .text($0)) },
            .init(
                "securityContext",
                .map([
                    .init("runAsNonRoot", .boolean(true)), .init("runAsUser", .integer(PodTemplate.user)), .init("runAsGroup", .integer(PodTemplate.user)),
                    .init("fsGroup", .integer(PodTemplate.user)), .init("fsGroupChangePolicy", .text("OnRootMismatch")),
                    .init("seccompProfile", .map([.init("type", .text("RuntimeDefault"))])),
                ])),
            .init("containers", .list([.group(container + [.init("securityContext", PodTemplate.containerSecurity)])])),
            .init("volumes", .list(volumes)),
        ])
    }

    private static let containerSecurity = YAMLNode.map([
        .init("allowPrivilegeEscalation", .boolean(false)), .init("readOnlyRootFilesystem", .boolean(true)),
        .init("capabilities", .map([.init("drop", .texts(["ALL"]))])),
    ])

    // MARK: Volumes

    /// What every container may write to.
    static let temporaryFolders = ["/run", "/tmp"]

    static func mount(_ volume: String, at path: String, subPath: String? = nil, isReadOnly: Bool = false) -> YAMLNode {
        .group([
            .init("name", .text(volume)), .init("mountPath", .text(path)), subPath.map { .init("subPath", .text($0)) },
            isReadOnly ? .init("readOnly", .boolean(true)) : nil,
        ])
    }

    /// One volume for all folders that end with the pod.
    static func temporaryMounts(_ more: [String] = []) -> [YAMLNode] {
        (temporaryFolders + more).map { mount("temporary", at: $0, subPath: subPath(of: $0)) }
    }

    static let temporaryVolume = YAMLNode.map([.init("name", .text("temporary")), .init("emptyDir", .map([]))])

    /// The path in a volume, for a path in the container.
    static func subPath(of path: String) -> String { path.split(separator: "/").joined(separator: "/") }
}
