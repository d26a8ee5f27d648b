/// The text of nginx's configuration. Pure.
///
/// Source of the directives: <https://nginx.org/en/docs/dirindex.html>; all are in nginx 1.18 and later.
package struct NginxConfiguration {
    /// The header that marks each answer of the front, with `FrontPlan.instance` as its value.
    package static let markHeader = "Shipkeeper-Front"
    /// The header by which a request of a keepalive job is recognized. The app is not given it.
    package static let nonceHeader = "Shipkeeper-Nonce"
    /// The path at which this program is asked for the page in place of an app that does not answer.
    package static let waitingPath = "/-/waiting"
    /// The header with the path that the visitor has asked for.
    package static let originalPathHeader = "Shipkeeper-Path"
    /// The header with the method that the visitor has used.
    package static let originalMethodHeader = "Shipkeeper-Method"
    /// The header with the visitor's address.
    package static let clientHeader = "X-Real-IP"

    /// Private ranges: what connects from there is the platform's own proxy, and what it says of the visitor counts.
    private static let proxies = [
        "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16", "::1", "fc00::/7", "fe80::/10",
    ]
    /// The most bytes of a request to our own pages.
    private static let mostOwnBody = "256k"

    private let plan: FrontPlan

    package init(_ plan: FrontPlan) { self.plan = plan }

    package var text: String { ([head] + [http]).joined(separator: "\n") }

    private var head: String {
        """
        # Written by shipkeeper at each start: what is changed here is lost.
        daemon off;
        \(plan.worker.map { "user \($0.user) \($0.group);\n" } ?? "")worker_processes 1;
        pid \(quoted(plan.folder + "/nginx.pid"));
        error_log stderr warn;
        events {
            worker_connections 1024;
        }
        """
    }

    /// Of one client that asks again and again, a visit a second is reported: to hear of each request would cost this program more than nginx. A keepalive
    /// request is reported always. Source: ngx_http_limit_req_module, whose dry run only counts (nginx 1.17.6 and later).
    private var http: String {
        """
        http {
            default_type application/octet-stream;
            server_tokens off;
            tcp_nodelay on;
            reset_timedout_connection on;
            recursive_error_pages on;
            absolute_redirect off;
            client_header_timeout 30s;
            client_body_timeout 60s;
            send_timeout 60s;
            keepalive_timeout 75s;
            large_client_header_buffers 4 16k;
        \(temporaryFolders)
            log_format visit escape=json '{"at":$msec,"client":"$remote_addr","method":"$request_method","path":"$uri","status":$status,'
                '"agent":"$http_user_agent","nonce":"$http_\(variable(NginxConfiguration.nonceHeader))"}';
            limit_req_zone $binary_remote_addr zone=visits:128k rate=1r/s;
            limit_req zone=visits burst=9 nodelay;
            limit_req_dry_run on;
            limit_req_log_level info;
            map "$limit_req_status $http_\(variable(NginxConfiguration.nonceHeader))" $front_reported {
                "REJECTED_DRY_RUN " 0;
                default             1;
            }
            access_log syslog:server=unix:\(plan.visitSocket),nohostname,tag=front visit if=$front_reported;

        \(NginxConfiguration.proxies.map { "    set_real_ip_from \($0);" }.joined(separator: "\n"))
            real_ip_header X-Forwarded-For;
            real_ip_recursive on;

            map $http_upgrade $front_connection {
                default upgrade;
                ''      '';
            }
            map "$request_method $request_uri" $front_is_probe {
                "~^(GET|HEAD) /(\\?|$)" 1;
                default 0;
            }
            map $http_x_forwarded_proto $front_scheme {
                default $scheme;
                https   https;
            }
        \(frameMap)
            upstream page {
                server unix:\(plan.pageSocket) max_fails=0;
                keepalive 4;
            }
        \(upstream)
            server {
        \(plan.listenTexts.map { "        listen \($0);" }.joined(separator: "\n"))
                server_name _;
                client_max_body_size \(plan.mostBody);
                add_header \(NginxConfiguration.markHeader) \(plan.instance) always;

                proxy_http_version 1.1;
                proxy_buffering off;
                proxy_request_buffering off;
                proxy_buffer_size 32k;
                proxy_buffers 8 32k;
                proxy_connect_timeout 5s;
                proxy_read_timeout 24h;
                proxy_send_timeout 24h;
        \(headers(indent: 8))

        \(ownPages)
        \(app)
                location @waiting {
                    rewrite ^ \(NginxConfiguration.waitingPath)? break;
                    proxy_pass http://page;
                    proxy_method GET;
                    proxy_pass_request_body off;
                    error_log stderr emerg;
                    proxy_connect_timeout 2s;
                    error_page 502 504 = @away;
        \(headers(indent: 12, more: more))
                }
                location @away {
                    default_type "text/html; charset=utf-8";
                    add_header Cache-Control no-store always;
                    add_header Retry-After 2 always;
                    add_header \(NginxConfiguration.markHeader) \(plan.instance) always;
                    if ($front_is_probe) {
                        return 200 '\(StartingPage.html)';
                    }
                    return 503 '\(StartingPage.html)';
                }
            }
        }

        """
    }

    /// What the page in place of the app is given about the request.
    private var more: [(name: String, value: String)] {
        [
            ("Content-Length", "\"\""), (NginxConfiguration.originalPathHeader, "$request_uri"), (NginxConfiguration.originalMethodHeader, "$request_method"),
        ]
    }

    private var temporaryFolders: String {
        ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map { "    \($0)_temp_path \(quoted("\(plan.folder)/\($0)"));" }.joined(separator: "\n")
    }

    private var upstream: String {
        guard let upstream = plan.upstream else { return "" }
        // Idle connections are given up before the app does: Node closes its own after five seconds. As many are kept as there are visitors at once
        // on a busy day: a connection of its own for each request costs nginx twice as much.
        return """
                upstream app {
                    server \(upstream.text) max_fails=0;
                    keepalive 128;
                    keepalive_timeout 4s;
                }
            """
    }

    /// Paths below `/-/` are ours. nginx waits for slow clients itself: it asks once a form is complete, and keeps what was not read yet. A moment in
    /// which this program does not answer is not worth a line of nginx's log.
    private var ownPages: String {
        """
                location = /-/healthz {
                    proxy_pass http://page;
                    proxy_connect_timeout 2s;
                    proxy_read_timeout 5s;
                    error_log stderr emerg;
                    error_page 502 504 =200 @alive;
                }
                location @alive {
                    default_type text/plain;
                    return 200 "shipkeeper is starting\\n";
                }
                location = \(NginxConfiguration.waitingPath) {
                    return 404;
                }
                location = /- {
                    return 301 -/;
                }
                location /-/ {
                    client_max_body_size \(NginxConfiguration.mostOwnBody);
                    proxy_request_buffering on;
                    proxy_buffering on;
                    proxy_max_temp_file_size 0;
                    proxy_pass http://page;
                    proxy_connect_timeout 2s;
                    error_log stderr emerg;
                    error_page 502 504 = @away;
                }
        """
    }

    private var app: String {
        guard plan.upstream != nil else {
            return """
                        location / {
                            error_page 418 = @waiting;
                            return 418;
                        }
                """
        }
        let frame =
            plan.frameAncestors.isEmpty
            ? ""
            : """

                        proxy_hide_header X-Frame-Options;
                        proxy_hide_header Content-Security-Policy;
                        add_header Content-Security-Policy $front_policy always;
                        add_header \(NginxConfiguration.markHeader) \(plan.instance) always;
            """
        return """
                    location / {
                        error_page 418 502 504 = @waiting;
                        if (!-f \(quoted(plan.readyFile))) {
                            return 418;
                        }
                        proxy_pass http://app;\(frame)
                    }
            """
    }

    /// The app's own policy with other frame ancestors.
    private var frameMap: String {
        guard !plan.frameAncestors.isEmpty else { return "" }
        let ancestors = "frame-ancestors \(plan.frameAncestors.joined(separator: " "))"
        return """
                map $upstream_http_content_security_policy $front_policy {
                    ''      "\(ancestors)";
                    "~*^(?<front_before>(?:.*;)?\\s*)frame-ancestors[^;]*(?<front_after>.*)$" "${front_before}\(ancestors)${front_after}";
                    default "$upstream_http_content_security_policy; \(ancestors)";
                }
            """
    }

    /// What a visitor says of proxies before us is replaced. A location with a header of its own inherits none, so it gets all.
    private func headers(indent: Int, more: [(name: String, value: String)] = []) -> String {
        let all = [
            ("Host", "$http_host"), ("Upgrade", "$http_upgrade"), ("Connection", "$front_connection"), ("X-Forwarded-For", "$remote_addr"),
            (NginxConfiguration.clientHeader, "$remote_addr"), ("X-Forwarded-Proto", "$front_scheme"), ("X-Forwarded-Host", "$http_host"),
            ("X-Forwarded-Port", "\"\""), ("Forwarded", "\"\""), (NginxConfiguration.nonceHeader, "\"\""),
        ]
        let names = Set(more.map(\.name))
        return (all.filter { !names.contains($0.0) } + more).map { String(repeating: " ", count: indent) + "proxy_set_header \($0.0) \($0.1);" }
            .joined(separator: "\n")
    }

    /// A header's name as nginx writes it in a variable.
    private func variable(_ header: String) -> String { header.lowercased().replacing("-", with: "_") }

    /// A path in nginx's quotes. Variables can't be quoted there: see `FrontFolder` for how paths with a dollar are avoided.
    private func quoted(_ path: String) -> String { "\"\(path.replacing("\\", with: "\\\\").replacing("\"", with: "\\\""))\"" }
}
