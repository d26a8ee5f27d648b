// libcurl, loaded when it is first needed: it brings some thirty libraries with it, which a program that sends no request need not wait for.
//
// Functions here are those of libcurl with ccurl_ in place of curl_, see https://curl.se/libcurl/c/allfuncs.html. Its setters take any type of argument
// and can't be called from Swift, so there is one for each type. None of them may be called before ccurl_load has succeeded.
#pragma once

#include <curl/curl.h>

typedef size_t (*ccurl_data_callback)(char *bytes, size_t size, size_t count, void *owner);
typedef int (*ccurl_seek_callback)(void *owner, curl_off_t offset, int origin);

// Loads and initializes libcurl. To be called once. NULL where that succeeded; else why not, which stays valid.
const char *ccurl_load(void);

CURL *ccurl_easy_init(void);
void ccurl_easy_cleanup(CURL *easy);
// Carries one transfer out. Blocks until it has ended.
CURLcode ccurl_easy_perform(CURL *easy);
const char *ccurl_easy_strerror(CURLcode code);
struct curl_slist *ccurl_slist_append(struct curl_slist *list, const char *text);
void ccurl_slist_free_all(struct curl_slist *list);

CURLM *ccurl_multi_init(void);
CURLMcode ccurl_multi_cleanup(CURLM *multi);
CURLMcode ccurl_multi_add_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_remove_handle(CURLM *multi, CURL *easy);
CURLMcode ccurl_multi_perform(CURLM *multi, int *running);
// Waits for something to do on the handle's sockets, for a wakeup, or so many milliseconds.
CURLMcode ccurl_multi_poll(CURLM *multi, int milliseconds);
CURLMcode ccurl_multi_wakeup(CURLM *multi);
// Puts the next transfer that has ended into `easy` and its result into `result`; 0 when there is none.
int ccurl_next_done(CURLM *multi, CURL **easy, CURLcode *result);

CURLcode ccurl_set_string(CURL *easy, CURLoption option, const char *value);
CURLcode ccurl_set_number(CURL *easy, CURLoption option, long value);
CURLcode ccurl_set_size(CURL *easy, CURLoption option, curl_off_t value);
CURLcode ccurl_set_pointer(CURL *easy, CURLoption option, void *value);
CURLcode ccurl_set_list(CURL *easy, CURLoption option, struct curl_slist *value);
CURLcode ccurl_set_callback(CURL *easy, CURLoption option, ccurl_data_callback value);
CURLcode ccurl_set_seek(CURL *easy, ccurl_seek_callback value);
// Continues what a callback has paused.
CURLcode ccurl_resume(CURL *easy);
curl_off_t ccurl_amount(CURL *easy, CURLINFO info);
long ccurl_status(CURL *easy);
