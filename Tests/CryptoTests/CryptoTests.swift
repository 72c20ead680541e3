import Crypto
import Testing

private func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

@Suite
struct CryptoTests {
    @Test func `SHA-256 and SHA-1 of the standards' examples`() {
        #expect(Hex.encode(SHA256.hash(bytes("abc"))) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(Hex.encode(SHA1.hash(bytes("abc"))) == "a9993e364706816aba3e25717850c26c9cd0d89d")
        var digest = SHA256()
        digest.update(bytes("a"))
        digest.update(bytes("bc"))
        #expect(digest.finalize() == SHA256.hash(bytes("abc")))
    }

    /// RFC 4231, test cases 1, 2 and 6.
    @Test(arguments: [
        ([UInt8](repeating: 0x0B, count: 20), "Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"),
        (Array("Jefe".utf8), "what do ya want for nothing?", "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"),
        ([UInt8](repeating: 0xAA, count: 131), "Test Using Larger Than Block-Size Key - Hash Key First",
         "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"),
    ])
    func `HMAC-SHA-256 of RFC 4231`(key: [UInt8], message: String, code: String) {
        #expect(Hex.encode(HMACSHA256.authenticate(bytes(message), key: key)) == code)
    }

    /// RFC 4648 section 10.
    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("foobar", "Zm9vYmFy")])
    func `Base64 of RFC 4648, both ways`(plain: String, encoded: String) {
        #expect(Base64.encode(bytes(plain)) == encoded)
        #expect(Base64.decode(encoded) == bytes(plain))
        #expect(Base64URL.decode(encoded.replacing("=", with: "")) == bytes(plain))
    }

    @Test(arguments: ["Zg", "Zg=", "Zh==", "Z===", "Zm9v\n", "Zm9-", "====", "Zg==Zg=="])
    func `Base64 that is not the one right text is refused`(text: String) {
        #expect(Base64.decode(text) == nil)
    }

    /// The GCM specification's test case 16 (AES-256 with additional data).
    @Test func `AES-256-GCM of the specification`() throws {
        let key = try #require(Hex.decode("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308"))
        let nonce = try #require(Hex.decode("cafebabefacedbaddecaf888"))
        let plain = try #require(Hex.decode(
            "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"))
        let aad = try #require(Hex.decode("feedfacedeadbeeffeedfacedeadbeefabaddad2"))
        let sealed = try AESGCM.seal(plain, key: key, nonce: nonce, authenticating: aad)
        #expect(Hex.encode(sealed.suffix(16)) == "76fc6ece0f4e1768cddf8853bb2d551b")
        #expect(try AESGCM.open(sealed, key: key, nonce: nonce, authenticating: aad) == plain)
    }

    @Test func `a sealed text opens only whole, with its key and what it authenticates`() throws {
        let key = RandomBytes.make(32)
        let sealed = try AESGCM.seal(bytes("secret"), key: key, authenticating: bytes("a"))
        #expect(try AESGCM.open(sealed, key: key, authenticating: bytes("a")) == bytes("secret"))
        for index in sealed.indices {
            var changed = sealed
            changed[index] ^= 1
            #expect(throws: CryptoError.notAuthentic) { try AESGCM.open(changed, key: key, authenticating: bytes("a")) }
        }
        #expect(throws: CryptoError.self) { try AESGCM.open(sealed, key: RandomBytes.make(32), authenticating: bytes("a")) }
        #expect(throws: CryptoError.self) { try AESGCM.open(sealed, key: key, authenticating: bytes("b")) }
        #expect(throws: CryptoError.self) { try AESGCM.open([1, 2, 3], key: key) }
        #expect(try AESGCM.open(AESGCM.seal([], key: key), key: key) == [])
    }

    /// RFC 7515 appendix A.3: the key, and the published signature verifies.
    @Test func `ES256 of RFC 7515`() throws {
        let x = try #require(Base64URL.decode("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU"))
        let y = try #require(Base64URL.decode("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"))
        let d = try #require(Base64URL.decode("jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"))
        let message = bytes(
            "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ")
        let signature = try #require(Base64URL.decode(
            "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"))
        let publicKey = try P256PublicKey(x963Representation: [4] + x + y)
        #expect(publicKey.isValidSignature(signature, for: message))
        let privateKey = try P256PrivateKey(rawRepresentation: d)
        #expect(try privateKey.publicKey.x963Representation == [4] + x + y)
        #expect(privateKey.rawRepresentation == d)
        let own = try privateKey.sign(message)
        #expect(own.count == 64 && publicKey.isValidSignature(own, for: message))
        #expect(!publicKey.isValidSignature(own, for: message + [0]))
        #expect(!publicKey.isValidSignature([UInt8](repeating: 0, count: 64), for: message))
        #expect(throws: CryptoError.self) { try P256PublicKey(x963Representation: [4] + x + x) }
    }

    @Test func `RSA signs, verifies, encrypts, and survives PEM in both forms`() throws {
        let key = try RSAPrivateKey.generate()
        let message = bytes("GET\n/v3/certificates\n1\nn\n\n")
        let signature = try key.sign(message)
        let publicKey = try RSAPublicKey(pem: key.publicKey.pem)
        #expect(publicKey.isValidSignature(signature, for: message))
        #expect(!publicKey.isValidSignature(signature, for: message + [1]))
        for pem in [try key.pem, try key.pemPKCS1] {
            #expect(try RSAPrivateKey(pem: pem).sign(message) == signature)
        }
        #expect(try key.decryptOAEP(publicKey.encryptOAEP(bytes("张三"))) == bytes("张三"))
        #expect(throws: CryptoError.self) { try key.decryptOAEP(signature) }
        #expect(throws: CryptoError.self) { try RSAPrivateKey(pem: "no key") }
    }

    @Test func `a certificate keeps its serial, its time and its key`() throws {
        let key = try RSAPrivateKey.generate()
        let serial: [UInt8] = [0x5A] + RandomBytes.make(19)
        let made = try X509Certificate.selfSigned(
            key: key, commonName: "邻里", serial: serial, notBefore: 1_700_000_000, notAfter: 1_900_000_000)
        let read = try X509Certificate(pem: made.pem)
        #expect(read.serialHex == Hex.encode(serial).uppercased() && read.serialHex.count == 40)
        #expect(read.notBefore == 1_700_000_000 && read.notAfter == 1_900_000_000)
        #expect(read.subjectCommonName == "邻里")
        #expect(read.publicKey.isValidSignature(try key.sign([1, 2]), for: [1, 2]))
    }
}
