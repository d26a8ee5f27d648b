import Crypto
import Foundation

/// What pages are made of besides their own text. All of it is in the program.
enum Assets {
    static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" rx="14" fill="#0b57d0"/>\
        <path d="M32 10v30M32 12l16 22H32M28 18L16 34h12M10 42h44l-6 12H16z" fill="none" stroke="#fff" stroke-width="4" stroke-linejoin="round" stroke-linecap="round"/></svg>

        """

    /// Differs when one of them does: browsers keep them by their addresses.
    static let version = SHA256.hash(data: Data((PageStyle.text + PageScript.text + icon).utf8)).prefix(6).map { String($0, radix: 16) }.joined()

    /// For the home screen of a phone. Source: Web Application Manifest.
    static func manifest(name: String) -> String {
        struct Manifest: Encodable {
            struct Icon: Encodable {
                var src, sizes, type, purpose: String
            }

            var name, short_name: String
            var start_url = "./"
            var scope = "./"
            var display = "standalone"
            var background_color = "#14171a"
            var theme_color = "#14171a"
            var icons: [Icon]
        }
        let icon = Manifest.Icon(src: "assets/icon.svg?v=\(version)", sizes: "any", type: "image/svg+xml", purpose: "any")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = try? encoder.encode(Manifest(name: "\(name) · shipkeeper", short_name: name, icons: [icon]))
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}
