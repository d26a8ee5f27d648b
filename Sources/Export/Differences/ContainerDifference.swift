/// What of the container is another one, or must be known. Names are those of jobs and repositories.
package enum ContainerDifference: Hashable, Sendable {
    case pageIsReady(service: String?)
    case closedFront
    case privilegedPort(Int)
    case volumeSize(String)
    case emptyVolume(path: String)
    case readOnlyRoot
    case memoryShare(String, limit: String)
    /// A repository in a volume of the same cluster or machine.
    case folderRepository(String)

    /// Beyond what a ConfigMap takes.
    case fileTooLarge(bytes: Int)

    var words: DifferenceWords {
        switch self {
        case .pageIsReady(let service):
            .init(
                "the pod counts as ready once its page answers, so that visitors see the page until \(service ?? "the app") is ready",
                hint: "/-/readyz answers with 200 once all services are ready")
        case .closedFront: .init("the public port is open inside of the container alone, so nothing leads to it", hint: "write listen: with the port alone")
        case .privilegedPort(let port):
            .init("port \(port) is below 1024: not every cluster lets a user other than root listen there", hint: "take one above, such as 8080")
        case .volumeSize(let size): .init("the size of the volume is not in the file, and is \(size)", hint: "--storage sets it")
        case .emptyVolume(let path): .init("\(path) is an empty volume at first, whatever the image holds there")
        case .readOnlyRoot:
            .init(
                "the root file system is read-only: besides the volumes only /tmp and /run can be written",
                hint: "give what the app writes to elsewhere a volume")
        case .memoryShare(let job, let limit):
            .init("memory_limit of \(job) is a share of the container's memory, and the file does not say how much that is: \(limit)")
        case .fileTooLarge(let bytes):
            .init(
                "the file has \(bytes) bytes, and a ConfigMap takes 1048576 with its own: Kubernetes will refuse it", hint: "put it into the image",
                isLeftOut: true)
        case .folderRepository(let repository):
            .init("the repository \(repository) is a volume next to the data: what destroys the cluster destroys both", hint: "use a bucket or a dataset")
        }
    }
}
