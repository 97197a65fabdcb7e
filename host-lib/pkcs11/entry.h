// The door of the library: every exported function comes in here.
//
// State is one static place without constructors or destructors. Callers count themselves in and out, so that
// C_Finalize can wait for those inside; a child after fork() begins with an empty place, whatever the threads
// of its parent were doing, and closes the inherited connections without a word.
#pragma once

#include "host-lib/pkcs11/library.h"

namespace cs2sim::p11 {

// One row a function: what its wrapper needs to know.
struct FunctionRow {
    const char* name;
    Area area;
    bool uses_role;  // works with the rights of who is logged on, so not with an initial PIN
};

// A caller inside the library.
class Visit {
public:
    Visit();  // counts itself in, if the library is initialised
    ~Visit();
    Visit(const Visit&) = delete;
    Visit& operator=(const Visit&) = delete;
    Library* library() const { return library_; }  // null: not initialised

private:
    Library* library_ = nullptr;
};

// C_Initialize and C_Finalize. `only_callbacks`: the application wants its own mutexes used, which this
// library does not; ForceOSLocking overrules it. `threads`: it lets the library have threads. A start waits
// while another thread starts or ends the library. Errors:
// CKR_CRYPTOKI_ALREADY_INITIALIZED, CKR_CANT_LOCK; CKR_CRYPTOKI_NOT_INITIALIZED.
Answer start_library(Generation generation, bool only_callbacks, bool threads);
Answer end_library();

// What an exported function does inside: its caller's, not a copy, so that nothing is allocated before
// somebody catches what that throws.
template <class... Place>
class Inside {
public:
    template <class Does>
    Inside(const Does& does)
        : does_(&does), call_([](const void* known, Place... place) -> Answer {
              return (*static_cast<const Does*>(known))(place...);
          }) {}
    Answer operator()(Place... place) const { return call_(does_, place...); }

private:
    const void* does_;
    Answer (*call_)(const void*, Place...);
};

// Runs `work` and turns what it returns into a CKR; logs; lets no exception out and leaves errno as it was.
CK_RV guarded(const FunctionRow& row, Library* library, Session* session, Inside<> work);

CK_RV call_free(const FunctionRow& row, Inside<> work);
CK_RV call_library(const FunctionRow& row, Inside<Library&> work);
CK_RV call_session(const FunctionRow& row, CK_SESSION_HANDLE session, Inside<Session&> work);

}  // namespace cs2sim::p11
