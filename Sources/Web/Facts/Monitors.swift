/// Services that watch sites from outside, by what they write into `User-Agent`.
enum Monitors {
    /// What the header holds, in lower case, and the service's name. The first that fits counts.
    private static let known: [(sign: String, name: String)] = [
        ("uptimerobot", "UptimeRobot"), ("better uptime", "Better Stack"), ("betterstack", "Better Stack"), ("better stack", "Better Stack"),
        ("cron-job.org", "cron-job.org"), ("uptime-kuma", "Uptime Kuma"), ("hetrixtools", "HetrixTools"), ("statuscake", "StatusCake"),
        ("pingdom", "Pingdom"), ("freshping", "Freshping"), ("updown.io", "updown.io"), ("site24x7", "Site24x7"), ("nodeping", "NodePing"),
        ("checkly", "Checkly"), ("googlestackdrivermonitoring", "Google Cloud Monitoring"), ("datadog", "Datadog"),
        ("amazon-route53-health-check", "Amazon Route 53"), ("cloudflare-healthchecks", "Cloudflare"), ("blackbox exporter", "Prometheus Blackbox Exporter"),
        ("jetmon", "Jetpack Monitor"), ("uptime.com", "Uptime.com"), ("healthchecks.io", "Healthchecks.io"),
    ]

    /// The service's name; nil for all other visitors.
    static func name(_ agent: String) -> String? {
        let agent = agent.lowercased()
        return known.first { agent.contains($0.sign) }?.name
    }
}
