import Config
import Front
import JobKit
import Processes
import Settings

/// The nginx of this machine, for the public port.
enum Nginx {
    /// Why none can be used.
    struct Unusable: Error, Equatable {
        /// One clause.
        var reason: String
        /// What to do about it.
        var hint: String
    }

    /// Where Debian and others keep programs of the administrator, besides `PATH`.
    private static let moreFolders = "/usr/sbin:/usr/local/sbin:/usr/local/nginx/sbin"

    /// The program's file. Blocks for the disk.
    /// - Parameters:
    ///   - path: The `PATH` of this container.
    ///   - port: The public port, for the hint.
    static func find(path: String?, port: Int) throws(Unusable) -> String {
        let program: String
        do throws(LaunchError) {
            program = try ProgramPath.runnable("nginx", folder: nil, path: [path, moreFolders].compactMap(\.self).joined(separator: ":"))
        } catch {
            guard case .notFound = error else { throw Unusable(reason: "nginx can't be used: \(error)", hint: hint(port)) }
            throw Unusable(reason: "nginx is not installed", hint: hint(port))
        }
        if let version = NginxVersion.read(program), version < .oldest {
            throw Unusable(
                reason: "\(program) is nginx \(version), which is too old", hint: "install nginx \(NginxVersion.oldest) or later, or \(without(port))")
        }
        return program
    }

    private static func hint(_ port: Int) -> String {
        "install it (Debian and Ubuntu: apt-get install nginx-light; Alpine: apk add nginx), or \(without(port))"
    }

    private static func without(_ port: Int) -> String { "remove \"front\" and let the app listen at port \(port) of all addresses itself" }

    /// A warning where a configuration has a public port and there is no nginx for it. Blocks for the disk.
    static func problem(_ configuration: Configuration, path: String?) -> Problem? {
        guard let front = configuration.front, let port = front.listen.first?.port else { return nil }
        do throws(Unusable) {
            _ = try find(path: path, port: port)
            return nil
        } catch {
            return Problem(
                .warning, at: front.place, "\"front\" is not started, and port \(port) has a page that says why and nothing else: \(error.reason)",
                hint: error.hint)
        }
    }
}
