/*
 * A table of what browsers say, more telling names first. Good enough for people to know their own devices again;
 * nothing depends on it.
 */
#include "domain/account/user_agent.h"

typedef struct sign {
    str said, name;
} sign;

/* The more telling names first: each of them also says the ones below. */
static const sign browsers[] = {
    {S_INIT("Edg/"), S_INIT("Edge")},
    {S_INIT("EdgA/"), S_INIT("Edge")},
    {S_INIT("EdgiOS/"), S_INIT("Edge")},
    {S_INIT("OPR/"), S_INIT("Opera")},
    {S_INIT("SamsungBrowser/"), S_INIT("Samsung Internet")},
    {S_INIT("Firefox/"), S_INIT("Firefox")},
    {S_INIT("FxiOS/"), S_INIT("Firefox")},
    {S_INIT("CriOS/"), S_INIT("Chrome")},
    {S_INIT("Chrome/"), S_INIT("Chrome")},
    {S_INIT("Safari/"), S_INIT("Safari")},
    {S_INIT("curl/"), S_INIT("curl")},
};
static const sign systems[] = {
    {S_INIT("Android"), S_INIT("Android")}, {S_INIT("iPhone"), S_INIT("iPhone")},  {S_INIT("iPad"), S_INIT("iPad")},
    {S_INIT("Windows"), S_INIT("Windows")}, {S_INIT("Mac OS X"), S_INIT("macOS")}, {S_INIT("CrOS"), S_INIT("ChromeOS")},
    {S_INIT("Linux"), S_INIT("Linux")},
};

static str first_said(str text, const sign *signs, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_find(text, signs[i].said) < text.n)
            return signs[i].name;
    return STR_NONE;
}

device device_of(str user_agent)
{
    return (device){first_said(user_agent, browsers, sizeof browsers / sizeof *browsers),
                    first_said(user_agent, systems, sizeof systems / sizeof *systems)};
}
