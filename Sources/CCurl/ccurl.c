#include "ccurl.h"

#include <dlfcn.h>
#include <stdio.h>

// With OpenSSL, as Debian's libcurl4 has it; the other one is better than none.
static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
static char failure[512];

#define FUNCTIONS(each)                                                                                                                             \
    each(global_init) each(easy_init) each(easy_cleanup) each(easy_setopt) each(easy_getinfo) each(easy_pause) each(easy_perform) each(easy_strerror) \
        each(slist_append) each(slist_free_all) each(multi_init) each(multi_cleanup) each(multi_add_handle) each(multi_remove_handle)                \
            each(multi_perform) each(multi_poll) each(multi_wakeup) each(multi_info_read)

#define POINTER(name) __typeof__(curl_##name) *name;
static struct {
    FUNCTIONS(POINTER)
} library;

const char *ccurl_load(void) {
    void *handle = NULL;
    for (size_t index = 0; !handle && index < sizeof names / sizeof *names; index++) handle = dlopen(names[index], RTLD_NOW | RTLD_LOCAL);
    if (!handle) {
        const char *reason = dlerror();
        snprintf(failure, sizeof failure, "libcurl can't be loaded (%s); install it (Debian and Ubuntu: libcurl4)", reason ? reason : names[0]);
        return failure;
    }
#define FIND(name)                                                                                                                                   \
    library.name = (__typeof__(library.name))dlsym(handle, "curl_" #name);                                                                           \
    if (!library.name) {                                                                                                                             \
        snprintf(failure, sizeof failure, "libcurl has no curl_%s: it is too old, 7.68 is needed", #name);                                           \
        return failure;                                                                                                                              \
    }
    FUNCTIONS(FIND)
    return library.global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? NULL : "libcurl could not start";
}

CURL *ccurl_easy_init(void) { return library.easy_init(); }
void ccurl_easy_cleanup(CURL *easy) { library.easy_cleanup(easy); }
CURLcode ccurl_easy_perform(CURL *easy) { return library.easy_perform(easy); }
const char *ccurl_easy_strerror(CURLcode code) { return library.easy_strerror(code); }
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text) { return library.slist_append(list, text); }
void ccurl_slist_free_all(struct curl_slist *list) { library.slist_free_all(list); }

CURLM *ccurl_multi_init(void) { return library.multi_init(); }
CURLMcode ccurl_multi_cleanup(CURLM *multi) { return library.multi_cleanup(multi); }
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy) { return library.multi_add_handle(multi, easy); }
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy) { return library.multi_remove_handle(multi, easy); }
CURLMcode ccurl_multi_perform(CURLM *multi, int *running) { return library.multi_perform(multi, running); }
CURLMcode ccurl_multi_poll(CURLM *multi, int milliseconds) { return library.multi_poll(multi, NULL, 0, milliseconds, NULL); }
CURLMcode ccurl_multi_wakeup(CURLM *multi) { return library.multi_wakeup(multi); }

int ccurl_next_done(CURLM *multi, CURL **easy, CURLcode *result) {
    int left;
    CURLMsg *message;
    while ((message = library.multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *easy = message->easy_handle;
        *result = message->data.result;
        return 1;
    }
    return 0;
}

CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_number(CURL *easy, CURLoption option, long value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_callback(CURL *easy, CURLoption option, ccurl_data_callback value) { return library.easy_setopt(easy, option, value); }
CURLcode ccurl_set_seek(CURL *easy, ccurl_seek_callback value) { return library.easy_setopt(easy, CURLOPT_SEEKFUNCTION, value); }
CURLcode ccurl_resume(CURL *easy) { return library.easy_pause(easy, CURLPAUSE_CONT); }

curl_off_t ccurl_amount(CURL *easy, CURLINFO info) {
    curl_off_t amount = 0;
    library.easy_getinfo(easy, info, &amount);
    return amount;
}

long ccurl_status(CURL *easy) {
    long status = 0;
    library.easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    return status;
}
