import Files

extension TreeExtractor {
    func takeLink(_ member: Member, to target: RawName) throws(ArchiveError) {
        if let flaw = MemberName.flaw(ofTarget: target) {
            if member.isWanted { report.skip("\(member.entry.path.readable): \(flaw)") }
            return
        }
        guard let node = try claim(member, .link(links.count)) else { return }
        links.append((node, kept(member.entry), target, member.isWanted))
    }

    func takeHardLink(_ member: Member, to target: RawName) throws(ArchiveError) {
        let old: [RawName]
        switch try MemberName(target) {
        case .unusable(let reason): return report.skip("\(member.entry.path.readable): a hard link to \(reason)")
        case .names(let names): old = names
        }
        guard let holder = index.node(old) else { return missing(member, target) }
        if index.node(Array(member.missing) + [member.name], below: member.known) == holder { return }
        switch index[holder].kind {
        case .folder, .nothing: missing(member, target)
        case .link(let number):
            try takeLink(member, to: links[number].target)
        case .file(let content):
            guard let node = try claim(member, .file(content: content)), member.isWanted else { return }
            if index[holder].isMade {
                try makeHardLink(node, to: holder, member.entry)
            } else {
                elsewhere[content, default: []].append(node)
            }
        }
    }

    private func missing(_ member: Member, _ target: RawName) {
        guard member.isWanted else { return }
        report.skip("\(member.entry.path.readable): a hard link to \"\(target.readable)\", which is not a file unpacked before it")
    }

    func makeHardLink(_ node: Int, to holder: Int, _ entry: TreeEntry) throws(ArchiveError) {
        do {
            try target.makeHardLink(index.place(node), to: index.place(holder))
            index[node].isMade = true
            report.links += 1
        } catch {
            guard error.isOfTheMember else { throw .file(error) }
            index[node].kind = .nothing
            report.skip("\(entry.path.readable): it can't be linked here (\(error.cause))")
        }
    }

    func makeLinks() throws(ArchiveError) {
        for (number, link) in links.enumerated() where link.isWanted && index[link.node].kind == .link(number) {
            do {
                try target.makeLink(index.place(link.node), to: link.target, link.entry)
                report.links += 1
            } catch {
                guard error.isOfTheLink else { throw .file(error) }
                skip(index.names(link.node), "the link can't be made here (\(error.cause))")
            }
        }
    }
}
