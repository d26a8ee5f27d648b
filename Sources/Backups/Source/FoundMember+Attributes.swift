import Archive
import Files

extension FoundMember {
    /// Its extended attributes as they are stored, and a line for the report where some are not. Blocks.
    /// - Parameter file: The file itself, where it is open.
    func attributes(_ file: OpenFile? = nil) -> (all: [ExtendedAttribute], note: String?) {
        do throws(FileError) {
            let all: [ExtendedAttribute]
            if let file { all = try file.attributes() } else { all = try folder.attributes(of: name) }
            var rest = ExtractionLimits.attributeBytes
            let kept = all.prefix { attribute in
                rest -= attribute.name.bytes.count + attribute.value.count
                return rest >= 0
            }
            return (Array(kept), kept.count == all.count ? nil : "\(path.readable) has more extended attributes than a restore takes; \(kept.count) are stored")
        } catch {
            if error.isMissing || error.isNoFolder { return ([], nil) }
            return ([], "the extended attributes of \(path.readable) could not be read (\(error.cause)); none are stored")
        }
    }
}
