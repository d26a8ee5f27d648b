import Foundation
import TestSupport
import Testing

/// The status page in Debian's Chromium.
@Suite("the page in a browser", .waiting, .serialized, .tags(.slow))
struct PageBrowserTests {
    private static let token = "0123456789-the-token"
    /// What stands in for a platform: it ends TLS, and shows the app in a frame of another site.
    private static let platform = """
        daemon off; pid platform.pid; error_log stderr; worker_processes 1;
        events {}
        http {
            access_log off;
            client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi; uwsgi_temp_path uwsgi; scgi_temp_path scgi;
            ssl_certificate cert.pem; ssl_certificate_key key.pem;
            server {
                listen 127.0.0.1:SPACE ssl;
                location / {
                    default_type text/html;
                    return 200 '<!doctype html><html lang="en"><title>Space</title><main><h1>Space</h1><iframe title="app" src="https://app.test:APP/-/" width="1200" height="800"></iframe></main>';
                }
            }
            server {
                listen 127.0.0.1:APP ssl;
                location / {
                    proxy_pass http://127.0.0.1:PORT;
                    proxy_http_version 1.1;
                    proxy_buffering off;
                    proxy_read_timeout 600s;
                    proxy_set_header Host $http_host;
                    proxy_set_header X-Forwarded-Proto https;
                    proxy_set_header X-Forwarded-For 203.0.113.9;
                }
            }
        }

        """

    private func configuration(_ folder: TemporaryFolder, port: Int, app: Int, space: Int) -> String {
        """
        version: 1
        state: \(folder["state"])
        secrets: [TOKEN]
        control: { token: "${TOKEN}" }
        front: { listen: "127.0.0.1:\(port)", upstream: web, frame_ancestors: [self, "https://space.test:\(space)"] }
        repositories: { main: { type: folder, path: \(folder["repository"]) } }
        actions:
          approve: { label: 批准一台设备, argument: 请求编号, command: [sh, -c, 'echo "approved $0"'] }
        jobs:
          restore: { type: restore, on: boot, with: { repository: main, path: \(folder["data"]) } }
          web:
            type: service
            needs: restore
            with:
              command: [python3, -m, http.server, "\(app)", --bind, 127.0.0.1, --directory, \(folder["data"])]
              ready: { http: "http://127.0.0.1:\(app)/", every: 100ms }
          hello:
            type: command
            with: { shell: 'for n in 1 2 3 4; do printf "\\033[32mstep %s\\033[0m <b>张三</b>\\n" "$n"; sleep 0.5; done' }
          deploy: { type: publish, with: { folder: \(folder["site"]), to: { type: folder, path: \(folder["public"]) } } }
          备份数据: { type: backup, on: { cron: "0 3 * * *" }, needs: restore, with: { repository: main, path: \(folder["data"]) } }
          broken: { type: command, on: boot, with: { shell: 'echo no; exit 3' } }

        """
    }

    @Test(
        "login, a live log, dry run, deploy, pause, an action and a restore, at a phone's width and a desktop's; in a frame; without scripts; axe finds nothing",
        .enabled(if: FileManager.default.isExecutableFile(atPath: "/usr/bin/chromium")), .limited)
    func page() throws {
        let folder = TemporaryFolder()
        let (port, app, space, outer) = (Port.reserve(), Port.reserve(), Port.reserve(), Port.reserve())
        try folder.run("mkdir -p repository data site public pictures platform && echo data > data/file && echo '<h1>Site</h1>' > site/index.html")
        let program = try RunningProgram(configuration(folder, port: port, app: app, space: space), in: folder, environment: ["TOKEN": PageBrowserTests.token])
        #expect(try RunningProgram.until("curl -sf http://127.0.0.1:\(port)/-/readyz"), "\(program.log)")

        let text = PageBrowserTests.platform.replacing("SPACE", with: "\(space)").replacing("APP", with: "\(outer)").replacing("PORT", with: "\(port)")
        try folder.write("platform/nginx.conf", text)
        try folder.write("platform/certificate.py", PageBrowserTests.certificate)
        try folder.run("cd platform && '\(Shell.python)' certificate.py")
        try folder.run("nginx -p '\(folder["platform"])' -c nginx.conf > platform/log 2>&1 & echo $! > platform/process")
        defer { _ = try? folder.run("kill $(cat platform/process)") }
        #expect(try RunningProgram.until("curl -skf https://127.0.0.1:\(space)/"), "\(folder.read("platform/log") ?? "")")

        let words = "\(port) \(PageBrowserTests.token) '\(folder["pictures"])' '\(folder["site"])' \(space) \(outer)"
        let result = try Shell.run("'\(Shell.python)' '\(SourceTree.root)/Tests/TestSupport/Browser/check_page.py' \(words)")
        let isGood = result.status == 0 && result.output.contains("the page is as it should be")
        #expect(isGood, "\(result.output)\n\(result.errors.suffix(4000))\n\(program.log.suffix(4000))")
        #expect(folder.read("public/tab-1280-dark-en-US.html") == "<h1>tab-1280-dark-en-US</h1>\n")
        #expect(folder.read("data/file") == "data\n")
        #expect(program.stop() == 0, "\(program.log)")
        #expect(!program.log.contains(PageBrowserTests.token))
    }

    /// Writes a certificate that signs itself.
    private static let certificate = """
        import datetime
        from cryptography import x509
        from cryptography.hazmat.primitives import hashes, serialization
        from cryptography.hazmat.primitives.asymmetric import ec
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "space.test")])
        now = datetime.datetime.now(datetime.timezone.utc)
        day = datetime.timedelta(days=1)
        made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        made = made.not_valid_before(now - day).not_valid_after(now + day).sign(key, hashes.SHA256())
        open("cert.pem", "wb").write(made.public_bytes(serialization.Encoding.PEM))
        pem = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        open("key.pem", "wb").write(key.private_bytes(*pem))

        """
}
