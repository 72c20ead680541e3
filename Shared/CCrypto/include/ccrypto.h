#pragma once
// What Linli uses of OpenSSL's libcrypto, and nothing more. Every primitive is OpenSSL's; this file only gives its calls
// shapes that Swift can import (no macros, no variadics). Functions return 1 on success and 0 on failure unless said.
#include <stddef.h>
#include <stdint.h>

/// A parsed key (an EVP_PKEY) or certificate (an X509); freed with the function of its kind.
typedef struct ccrypto_key ccrypto_key;
typedef struct ccrypto_certificate ccrypto_certificate;
typedef struct ccrypto_digest ccrypto_digest;

// Digests. `name` is OpenSSL's: "SHA256", "SHA1".
int ccrypto_hash(const char *name, const void *data, size_t count, uint8_t *out);
ccrypto_digest *ccrypto_digest_make(const char *name);
int ccrypto_digest_update(ccrypto_digest *digest, const void *data, size_t count);
int ccrypto_digest_finish(ccrypto_digest *digest, uint8_t *out);
void ccrypto_digest_free(ccrypto_digest *digest);
int ccrypto_hmac_sha256(const void *key, size_t key_count, const void *data, size_t count, uint8_t out[32]);
int ccrypto_equal(const void *left, const void *right, size_t count);
int ccrypto_random(void *out, size_t count);

// AES-256-GCM. `out` has room for count + 16 (seal) or count - 16 (open) bytes; the tag stands at the end.
int ccrypto_aes_gcm_seal(const uint8_t key[32], const uint8_t *nonce, size_t nonce_count, const void *aad,
                         size_t aad_count, const void *plain, size_t count, uint8_t *out);
int ccrypto_aes_gcm_open(const uint8_t key[32], const uint8_t *nonce, size_t nonce_count, const void *aad,
                         size_t aad_count, const void *sealed, size_t count, uint8_t *out);

// Keys.
ccrypto_key *ccrypto_key_from_private_pem(const char *pem, size_t count);
ccrypto_key *ccrypto_key_from_public_pem(const char *pem, size_t count);
ccrypto_key *ccrypto_rsa_generate(int bits);
ccrypto_key *ccrypto_p256_generate(void);
ccrypto_key *ccrypto_p256_from_private(const uint8_t raw[32]);
ccrypto_key *ccrypto_p256_from_public(const uint8_t x963[65]);
int ccrypto_p256_private(const ccrypto_key *key, uint8_t raw[32]);
int ccrypto_p256_public(const ccrypto_key *key, uint8_t x963[65]);
void ccrypto_key_free(ccrypto_key *key);
int ccrypto_key_is_rsa(const ccrypto_key *key);
/// Bytes of a signature or of one encrypted block.
size_t ccrypto_key_size(const ccrypto_key *key);

/// PEM text, freed with ccrypto_free: "private" PKCS#8, "pkcs1" the RSA form, "public" SubjectPublicKeyInfo. NULL on failure.
char *ccrypto_key_pem(const ccrypto_key *key, const char *form, size_t *count);
void ccrypto_free(void *text);

/// Signs SHA-256 of the message: RSA PKCS#1 v1.5, or ECDSA as DER. `count` goes in as room and comes out as length.
int ccrypto_sign(const ccrypto_key *key, const void *message, size_t message_count, uint8_t *out, size_t *count);
int ccrypto_verify(const ccrypto_key *key, const void *message, size_t message_count, const uint8_t *signature,
                   size_t count);
/// ES256 as JOSE writes it: r and s, 32 bytes each.
int ccrypto_es256_sign(const ccrypto_key *key, const void *message, size_t message_count, uint8_t out[64]);
int ccrypto_es256_verify(const ccrypto_key *key, const void *message, size_t message_count, const uint8_t signature[64]);

/// RSA-OAEP with SHA-1 and MGF1-SHA-1 (what WeChat Pay uses for sensitive fields).
int ccrypto_oaep_encrypt(const ccrypto_key *key, const void *plain, size_t count, uint8_t *out, size_t *out_count);
int ccrypto_oaep_decrypt(const ccrypto_key *key, const void *sealed, size_t count, uint8_t *out, size_t *out_count);

// Certificates.
ccrypto_certificate *ccrypto_certificate_from_pem(const char *pem, size_t count);
ccrypto_certificate *ccrypto_certificate_self_signed(const ccrypto_key *key, const char *common_name,
                                                     const uint8_t *serial, size_t serial_count, int64_t not_before,
                                                     int64_t not_after);
void ccrypto_certificate_free(ccrypto_certificate *certificate);
char *ccrypto_certificate_pem(const ccrypto_certificate *certificate, size_t *count);
/// Serial number as text in base 16 (upper case) or 10; freed with ccrypto_free.
char *ccrypto_certificate_serial(const ccrypto_certificate *certificate, int base);
/// Seconds since 1970; 0 on failure.
int64_t ccrypto_certificate_not_before(const ccrypto_certificate *certificate);
int64_t ccrypto_certificate_not_after(const ccrypto_certificate *certificate);
char *ccrypto_certificate_common_name(const ccrypto_certificate *certificate);
/// The certificate's public key; the caller frees it.
ccrypto_key *ccrypto_certificate_key(const ccrypto_certificate *certificate);
