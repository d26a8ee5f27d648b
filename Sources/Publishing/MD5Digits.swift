import Crypto
import Buckets

extension [UInt8] {
    /// MD5 in lower-case hexadecimal digits, as object stores tag contents.
    package var md5Digits: String { Insecure.MD5.hash(data: self).hex }
}
