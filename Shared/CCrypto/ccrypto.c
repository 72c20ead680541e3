#include "ccrypto.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <string.h>

static inline EVP_PKEY *pkey(const ccrypto_key *key) { return (EVP_PKEY *)key; }
static inline X509 *x509(const ccrypto_certificate *certificate) { return (X509 *)certificate; }
/// A failed call must not leave its reason behind for a later, unrelated one.
static int settled(int ok) { if (!ok) ERR_clear_error(); return ok ? 1 : 0; }

int ccrypto_hash(const char *name, const void *data, size_t count, uint8_t *out) {
    return settled(EVP_Q_digest(NULL, name, NULL, data, count, out, NULL));
}

ccrypto_digest *ccrypto_digest_make(const char *name) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (context && EVP_DigestInit_ex(context, EVP_get_digestbyname(name), NULL) == 1) return (ccrypto_digest *)context;
    EVP_MD_CTX_free(context);
    return NULL;
}
int ccrypto_digest_update(ccrypto_digest *digest, const void *data, size_t count) {
    return EVP_DigestUpdate((EVP_MD_CTX *)digest, data, count);
}
int ccrypto_digest_finish(ccrypto_digest *digest, uint8_t *out) {
    return EVP_DigestFinal_ex((EVP_MD_CTX *)digest, out, NULL);
}
void ccrypto_digest_free(ccrypto_digest *digest) { EVP_MD_CTX_free((EVP_MD_CTX *)digest); }

int ccrypto_hmac_sha256(const void *key, size_t key_count, const void *data, size_t count, uint8_t out[32]) {
    return settled(HMAC(EVP_sha256(), key, (int)key_count, data, count, out, NULL) != NULL);
}
int ccrypto_equal(const void *left, const void *right, size_t count) { return CRYPTO_memcmp(left, right, count) == 0; }
int ccrypto_random(void *out, size_t count) { return settled(RAND_bytes(out, (int)count) == 1); }

int ccrypto_aes_gcm_seal(const uint8_t key[32], const uint8_t *nonce, size_t nonce_count, const void *aad,
                         size_t aad_count, const void *plain, size_t count, uint8_t *out) {
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int length = 0;
    int ok = context && EVP_EncryptInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_IVLEN, (int)nonce_count, NULL) == 1 &&
             EVP_EncryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
             (aad_count == 0 || EVP_EncryptUpdate(context, NULL, &length, aad, (int)aad_count) == 1) &&
             (count == 0 || EVP_EncryptUpdate(context, out, &length, plain, (int)count) == 1) &&
             EVP_EncryptFinal_ex(context, out + count, &length) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_GET_TAG, 16, out + count) == 1;
    EVP_CIPHER_CTX_free(context);
    return settled(ok);
}

int ccrypto_aes_gcm_open(const uint8_t key[32], const uint8_t *nonce, size_t nonce_count, const void *aad,
                         size_t aad_count, const void *sealed, size_t count, uint8_t *out) {
    if (count < 16) return 0;
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    size_t plain = count - 16;
    int length = 0;
    int ok = context && EVP_DecryptInit_ex(context, EVP_aes_256_gcm(), NULL, NULL, NULL) == 1 &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_IVLEN, (int)nonce_count, NULL) == 1 &&
             EVP_DecryptInit_ex(context, NULL, NULL, key, nonce) == 1 &&
             (aad_count == 0 || EVP_DecryptUpdate(context, NULL, &length, aad, (int)aad_count) == 1) &&
             (plain == 0 || EVP_DecryptUpdate(context, out, &length, sealed, (int)plain) == 1) &&
             EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_GCM_SET_TAG, 16, (uint8_t *)sealed + plain) == 1 &&
             EVP_DecryptFinal_ex(context, out + plain, &length) == 1;
    EVP_CIPHER_CTX_free(context);
    return settled(ok);
}

ccrypto_key *ccrypto_key_from_private_pem(const char *pem, size_t count) {
    BIO *bio = BIO_new_mem_buf(pem, (int)count);
    // An empty passphrase, so that an encrypted key fails instead of asking at a terminal.
    EVP_PKEY *key = bio ? PEM_read_bio_PrivateKey(bio, NULL, NULL, (void *)"") : NULL;
    BIO_free(bio);
    settled(key != NULL);
    return (ccrypto_key *)key;
}
ccrypto_key *ccrypto_key_from_public_pem(const char *pem, size_t count) {
    BIO *bio = BIO_new_mem_buf(pem, (int)count);
    EVP_PKEY *key = bio ? PEM_read_bio_PUBKEY(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    settled(key != NULL);
    return (ccrypto_key *)key;
}
ccrypto_key *ccrypto_rsa_generate(int bits) { return (ccrypto_key *)EVP_RSA_gen((unsigned)bits); }
ccrypto_key *ccrypto_p256_generate(void) { return (ccrypto_key *)EVP_EC_gen("P-256"); }

/// A P-256 key of its public point and, when given, its private number.
static EVP_PKEY *p256(const uint8_t *point, const BIGNUM *number) {
    EVP_PKEY *key = NULL;
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    OSSL_PARAM *parameters = NULL;
    if (context && builder &&
        OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0) == 1 &&
        OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 65) == 1 &&
        (!number || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_PRIV_KEY, number) == 1) &&
        (parameters = OSSL_PARAM_BLD_to_param(builder)) && EVP_PKEY_fromdata_init(context) == 1)
        EVP_PKEY_fromdata(context, &key, number ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY, parameters);
    OSSL_PARAM_free(parameters);
    OSSL_PARAM_BLD_free(builder);
    EVP_PKEY_CTX_free(context);
    settled(key != NULL);
    return key;
}

ccrypto_key *ccrypto_p256_from_public(const uint8_t x963[65]) {
    EVP_PKEY *key = p256(x963, NULL);
    EVP_PKEY_CTX *context = key ? EVP_PKEY_CTX_new_from_pkey(NULL, key, NULL) : NULL;
    // A point that is not on the curve would leak private keys elsewhere; it is refused here.
    int ok = context && EVP_PKEY_public_check(context) == 1;
    EVP_PKEY_CTX_free(context);
    if (ok) return (ccrypto_key *)key;
    EVP_PKEY_free(key);
    settled(0);
    return NULL;
}

ccrypto_key *ccrypto_p256_from_private(const uint8_t raw[32]) {
    EC_GROUP *group = EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1);
    BIGNUM *number = BN_bin2bn(raw, 32, NULL);
    EC_POINT *point = group ? EC_POINT_new(group) : NULL;
    uint8_t encoded[65];
    EVP_PKEY *key = NULL;
    if (group && number && point && !BN_is_zero(number) && BN_cmp(number, EC_GROUP_get0_order(group)) < 0 &&
        EC_POINT_mul(group, point, number, NULL, NULL, NULL) == 1 &&
        EC_POINT_point2oct(group, point, POINT_CONVERSION_UNCOMPRESSED, encoded, sizeof encoded, NULL) == sizeof encoded)
        key = p256(encoded, number);
    EC_POINT_free(point);
    BN_clear_free(number);
    EC_GROUP_free(group);
    settled(key != NULL);
    return (ccrypto_key *)key;
}

int ccrypto_p256_private(const ccrypto_key *key, uint8_t raw[32]) {
    BIGNUM *number = NULL;
    int ok = EVP_PKEY_get_bn_param(pkey(key), OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1 && BN_bn2binpad(number, raw, 32) == 32;
    BN_clear_free(number);
    return settled(ok);
}
int ccrypto_p256_public(const ccrypto_key *key, uint8_t x963[65]) {
    BIGNUM *x = NULL, *y = NULL;
    int ok = EVP_PKEY_get_bn_param(pkey(key), OSSL_PKEY_PARAM_EC_PUB_X, &x) == 1 &&
             EVP_PKEY_get_bn_param(pkey(key), OSSL_PKEY_PARAM_EC_PUB_Y, &y) == 1 &&
             BN_bn2binpad(x, x963 + 1, 32) == 32 && BN_bn2binpad(y, x963 + 33, 32) == 32;
    x963[0] = 4;
    BN_free(x);
    BN_free(y);
    return settled(ok);
}
void ccrypto_key_free(ccrypto_key *key) { EVP_PKEY_free(pkey(key)); }
int ccrypto_key_is_rsa(const ccrypto_key *key) { return EVP_PKEY_is_a(pkey(key), "RSA"); }
size_t ccrypto_key_size(const ccrypto_key *key) { return (size_t)EVP_PKEY_get_size(pkey(key)); }

/// The content of a memory BIO as freshly allocated text; frees the BIO.
static char *take_text(BIO *bio, int ok, size_t *count) {
    char *data = NULL, *text = NULL;
    long length = ok ? BIO_get_mem_data(bio, &data) : 0;
    if (length > 0 && (text = OPENSSL_malloc((size_t)length + 1))) {
        memcpy(text, data, (size_t)length);
        text[length] = 0;
        if (count) *count = (size_t)length;
    }
    BIO_free(bio);
    settled(text != NULL);
    return text;
}

char *ccrypto_key_pem(const ccrypto_key *key, const char *form, size_t *count) {
    BIO *bio = BIO_new(BIO_s_mem());
    int ok = 0;
    if (strcmp(form, "private") == 0) ok = PEM_write_bio_PKCS8PrivateKey(bio, pkey(key), NULL, NULL, 0, NULL, NULL);
    else if (strcmp(form, "pkcs1") == 0) ok = PEM_write_bio_PrivateKey_traditional(bio, pkey(key), NULL, NULL, 0, NULL, NULL);
    else if (strcmp(form, "public") == 0) ok = PEM_write_bio_PUBKEY(bio, pkey(key));
    return take_text(bio, ok == 1, count);
}
void ccrypto_free(void *text) { OPENSSL_free(text); }

int ccrypto_sign(const ccrypto_key *key, const void *message, size_t message_count, uint8_t *out, size_t *count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context && EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, pkey(key)) == 1 &&
             EVP_DigestSign(context, out, count, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    return settled(ok);
}
int ccrypto_verify(const ccrypto_key *key, const void *message, size_t message_count, const uint8_t *signature,
                   size_t count) {
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    int ok = context && EVP_DigestVerifyInit(context, NULL, EVP_sha256(), NULL, pkey(key)) == 1 &&
             EVP_DigestVerify(context, signature, count, message, message_count) == 1;
    EVP_MD_CTX_free(context);
    return settled(ok);
}

int ccrypto_es256_sign(const ccrypto_key *key, const void *message, size_t message_count, uint8_t out[64]) {
    uint8_t der[80];
    size_t count = sizeof der;
    if (!ccrypto_sign(key, message, message_count, der, &count)) return 0;
    const uint8_t *cursor = der;
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &cursor, (long)count);
    int ok = signature && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, 32) == 32 &&
             BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + 32, 32) == 32;
    ECDSA_SIG_free(signature);
    return settled(ok);
}
int ccrypto_es256_verify(const ccrypto_key *key, const void *message, size_t message_count, const uint8_t signature[64]) {
    ECDSA_SIG *pair = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(signature, 32, NULL), *s = BN_bin2bn(signature + 32, 32, NULL);
    uint8_t *der = NULL;
    int count = -1;
    if (pair && r && s && ECDSA_SIG_set0(pair, r, s) == 1) {
        r = s = NULL; // the pair owns them now
        count = i2d_ECDSA_SIG(pair, &der);
    }
    int ok = count > 0 && ccrypto_verify(key, message, message_count, der, (size_t)count);
    OPENSSL_free(der);
    BN_free(r);
    BN_free(s);
    ECDSA_SIG_free(pair);
    return settled(ok);
}

static EVP_PKEY_CTX *oaep(const ccrypto_key *key, int encrypting) {
    EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_from_pkey(NULL, pkey(key), NULL);
    if (context && (encrypting ? EVP_PKEY_encrypt_init(context) : EVP_PKEY_decrypt_init(context)) == 1 &&
        EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_OAEP_PADDING) == 1 &&
        EVP_PKEY_CTX_set_rsa_oaep_md(context, EVP_sha1()) == 1 && EVP_PKEY_CTX_set_rsa_mgf1_md(context, EVP_sha1()) == 1)
        return context;
    EVP_PKEY_CTX_free(context);
    return NULL;
}
int ccrypto_oaep_encrypt(const ccrypto_key *key, const void *plain, size_t count, uint8_t *out, size_t *out_count) {
    EVP_PKEY_CTX *context = oaep(key, 1);
    int ok = context && EVP_PKEY_encrypt(context, out, out_count, plain, count) == 1;
    EVP_PKEY_CTX_free(context);
    return settled(ok);
}
int ccrypto_oaep_decrypt(const ccrypto_key *key, const void *sealed, size_t count, uint8_t *out, size_t *out_count) {
    EVP_PKEY_CTX *context = oaep(key, 0);
    int ok = context && EVP_PKEY_decrypt(context, out, out_count, sealed, count) == 1;
    EVP_PKEY_CTX_free(context);
    return settled(ok);
}

ccrypto_certificate *ccrypto_certificate_from_pem(const char *pem, size_t count) {
    BIO *bio = BIO_new_mem_buf(pem, (int)count);
    X509 *certificate = bio ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;
    BIO_free(bio);
    settled(certificate != NULL);
    return (ccrypto_certificate *)certificate;
}

ccrypto_certificate *ccrypto_certificate_self_signed(const ccrypto_key *key, const char *common_name,
                                                     const uint8_t *serial, size_t serial_count, int64_t not_before,
                                                     int64_t not_after) {
    X509 *certificate = X509_new();
    BIGNUM *number = BN_bin2bn(serial, (int)serial_count, NULL);
    X509_NAME *name = certificate ? X509_get_subject_name(certificate) : NULL;
    int ok = certificate && number && name && X509_set_version(certificate, 2) == 1 &&
             BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != NULL &&
             ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)not_before) != NULL &&
             ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)not_after) != NULL &&
             X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, (const uint8_t *)common_name, -1, -1, 0) == 1 &&
             X509_set_issuer_name(certificate, name) == 1 && X509_set_pubkey(certificate, pkey(key)) == 1 &&
             X509_sign(certificate, pkey(key), EVP_sha256()) > 0;
    BN_free(number);
    if (ok) return (ccrypto_certificate *)certificate;
    X509_free(certificate);
    settled(0);
    return NULL;
}
void ccrypto_certificate_free(ccrypto_certificate *certificate) { X509_free(x509(certificate)); }

char *ccrypto_certificate_pem(const ccrypto_certificate *certificate, size_t *count) {
    BIO *bio = BIO_new(BIO_s_mem());
    return take_text(bio, PEM_write_bio_X509(bio, x509(certificate)) == 1, count);
}
char *ccrypto_certificate_serial(const ccrypto_certificate *certificate, int base) {
    BIGNUM *number = ASN1_INTEGER_to_BN(X509_get0_serialNumber(x509(certificate)), NULL);
    char *text = number ? (base == 16 ? BN_bn2hex(number) : BN_bn2dec(number)) : NULL;
    BN_free(number);
    return text;
}

static int64_t seconds(const ASN1_TIME *time) {
    struct tm parts;
    if (ASN1_TIME_to_tm(time, &parts) != 1) return settled(0);
    // Days since the epoch by counting, because timegm is not standard C.
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    int days = 0, rest = 0;
    int ok = epoch && ASN1_TIME_diff(&days, &rest, epoch, time) == 1;
    ASN1_TIME_free(epoch);
    return ok ? (int64_t)days * 86400 + rest : settled(0);
}
int64_t ccrypto_certificate_not_before(const ccrypto_certificate *certificate) {
    return seconds(X509_get0_notBefore(x509(certificate)));
}
int64_t ccrypto_certificate_not_after(const ccrypto_certificate *certificate) {
    return seconds(X509_get0_notAfter(x509(certificate)));
}
char *ccrypto_certificate_common_name(const ccrypto_certificate *certificate) {
    X509_NAME *name = X509_get_subject_name(x509(certificate));
    int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
    if (index < 0) return NULL;
    uint8_t *utf8 = NULL;
    if (ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index))) < 0) return NULL;
    return (char *)utf8;
}
ccrypto_key *ccrypto_certificate_key(const ccrypto_certificate *certificate) {
    return (ccrypto_key *)X509_get_pubkey(x509(certificate));
}
