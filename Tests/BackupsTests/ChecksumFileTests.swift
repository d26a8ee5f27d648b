import Backups
import Files
import Foundation
import Storage
import TestSupport
import Testing

/// Digits of something else.
private let otherDigits = String(repeating: "0f", count: 32)

@Suite("checksum files", .waiting)
struct ChecksumFileTests {

    /// Writes a checksum file beside an archive as one program does, and restores.
    private func restore(_ make: (String) -> [UInt8]) async throws -> Result<TreeRestorer.Report, BackupError> {
        let folder = TemporaryFolder()
        _ = try Shell.run("mkdir repo app && echo precious > app/f && tar -czf repo/latest_backup.tar.gz app && rm -r app", folder: folder.path)
        let digest = try Shell.run("sha256sum < repo/latest_backup.tar.gz | cut -c1-64", folder: folder.path).output.prefix(64)
        try Data(make(String(digest))).write(to: URL(fileURLWithPath: folder["repo/latest_backup.sha256"]))
        let repository = ArchiveRepository(store: LocalFolder(path: folder["repo"]), retention: Retention(), cores: 1)
        do throws(BackupError) {
            guard
                case .restored(let report) = try await TreeRestorer(repository: repository, source: BackupSource(path: folder["app"]), id: "1").restore(
                    onProgress: { _ in })
            else { return .failure(.cancelled) }
            #expect(folder.read("app/f") == "precious\n")
            return .success(report)
        } catch {
            return .failure(error)
        }
    }

    private static func wide(_ text: String, _ mark: [UInt8], isLittle: Bool) -> [UInt8] {
        mark + text.utf16.flatMap { isLittle ? [UInt8($0 & 0xff), UInt8($0 >> 8)] : [UInt8($0 >> 8), UInt8($0 & 0xff)] }
    }

    private static let forms: [(String, @Sendable (String) -> [UInt8])] = [
        ("sha256sum", { Array("\($0)  latest_backup.tar.gz\n".utf8) }), ("binary", { Array("\($0) *latest_backup.tar.gz\n".utf8) }),
        ("the digits alone", { Array($0.utf8) }), ("upper case and CRLF", { Array("\($0.uppercased())  latest_backup.tar.gz\r\n".utf8) }),
        ("openssl", { Array("SHA2-256(latest_backup.tar.gz)= \($0)\n".utf8) }), ("old openssl", { Array("SHA256(latest_backup.tar.gz)= \($0)\n".utf8) }),
        ("BSD", { Array("SHA256 (latest_backup.tar.gz) = \($0)\n".utf8) }), ("standard input", { Array("\($0)  -\n".utf8) }),
        ("UTF-16", { wide("\($0)\r\n", [0xff, 0xfe], isLittle: true) }), ("UTF-16, the other order", { wide("\($0)\r\n", [0xfe, 0xff], isLittle: false) }),
        ("UTF-16 without a mark", { wide("\($0)\r\n", [], isLittle: true) }), ("UTF-8 with a mark", { [0xef, 0xbb, 0xbf] + Array("\($0)\n".utf8) }),
        ("an escaped name", { Array("\\\($0)  back\\\\slash\\nlatest_backup.tar.gz\n".utf8) }), ("another name", { Array("\($0)  backup-2026.tar.gz\n".utf8) }),
        ("a list", { Array("\(otherDigits)  old.tar.gz\n\($0)  ./latest_backup.tar.gz\n".utf8) }),
        (
            "a list of BSD's, with other sums",
            {
                Array(
                    "MD5 (latest_backup.tar.gz) = 0123456789abcdef0123456789abcdef\nSHA3-256 (latest_backup.tar.gz) = \(otherDigits)\nSHA256 (latest_backup.tar.gz) = \($0)\n"
                        .utf8)
            }
        ),
        (
            "a list with names that resemble it",
            { Array("\(otherDigits)  latest_backup.tar.gz.old\n\(otherDigits)  x-latest_backup.tar.gz\n\($0) *C:\\b\\latest_backup.tar.gz\n".utf8) }
        ),
        ("certutil", { Array("SHA256 hash of latest_backup.tar.gz:\r\n\($0)\r\nCertUtil: -hashfile command completed successfully.\r\n".utf8) }),
        (
            "old certutil",
            { digits in
                let pairs = stride(from: 0, to: 64, by: 2).map { digits.dropFirst($0).prefix(2) }.joined(separator: " ")
                return Array("SHA256 hash of file x:\r\n\(pairs)\r\nCertUtil: done\r\n".utf8)
            }
        ),
        ("PowerShell's Get-FileHash", { Array("\r\nAlgorithm : SHA256\r\nHash      : \($0.uppercased())\r\nPath      : C:\\latest_backup.tar.gz\r\n".utf8) }),
        ("empty", { _ in [10] }),
    ]

    @Test("the digits are found, whoever wrote them", arguments: forms.indices)
    func found(index: Int) async throws {
        let (name, make) = ChecksumFileTests.forms[index]
        let result = try await restore(make)
        #expect(throws: Never.self, "\(name)") { try result.get() }
    }

    @Test(
        "what is not understood is called so, and not a damaged archive",
        arguments: ["rubbish", "\(otherDigits)  a\n\(String(otherDigits.reversed()))  b\n", "sha512: \(otherDigits)\(otherDigits)", "0000"])
    func notUnderstood(text: String) async throws {
        let result = try await restore { _ in Array(text.utf8) }
        #expect(throws: BackupError.self) { try result.get() }
        guard case .failure(let error) = result else { return }
        #expect(error.description.contains("is not understood") && !error.description.contains("damaged"), "\(error)")
    }

    @Test("digits of another archive are a damaged backup")
    func other() async throws {
        let result = try await restore { _ in Array(otherDigits.utf8) }
        guard case .failure(let error) = result else { Issue.record("restored"); return }
        #expect(error.description.contains("its checksum is not the one stored with it"), "\(error)")
    }
}
