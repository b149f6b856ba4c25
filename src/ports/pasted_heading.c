/* Tables of words, as name_folded gives them. */
#include "ports/pasted_heading.h"

static const struct {
    str words;
    pasted_role role;
} headings[] = {
    {S_INIT("prenom"), PASTED_GIVEN},
    {S_INIT("prenoms"), PASTED_GIVEN},
    {S_INIT("prenom s"), PASTED_GIVEN},
    {S_INIT("prenom usuel"), PASTED_GIVEN},
    {S_INIT("first name"), PASTED_GIVEN},
    {S_INIT("firstname"), PASTED_GIVEN},
    {S_INIT("first"), PASTED_GIVEN},
    {S_INIT("given name"), PASTED_GIVEN},
    {S_INIT("given names"), PASTED_GIVEN},
    {S_INIT("givenname"), PASTED_GIVEN},
    {S_INIT("given"), PASTED_GIVEN},
    {S_INIT("forename"), PASTED_GIVEN},
    {S_INIT("forenames"), PASTED_GIVEN},
    {S_INIT("vorname"), PASTED_GIVEN},
    {S_INIT("nom"), PASTED_FAMILY},
    {S_INIT("noms"), PASTED_FAMILY},
    {S_INIT("nom de famille"), PASTED_FAMILY},
    {S_INIT("nom usuel"), PASTED_FAMILY},
    {S_INIT("nom d usage"), PASTED_FAMILY},
    {S_INIT("nom de naissance"), PASTED_FAMILY},
    {S_INIT("nom patronymique"), PASTED_FAMILY},
    {S_INIT("patronyme"), PASTED_FAMILY},
    {S_INIT("last name"), PASTED_FAMILY},
    {S_INIT("lastname"), PASTED_FAMILY},
    {S_INIT("last"), PASTED_FAMILY},
    {S_INIT("surname"), PASTED_FAMILY},
    {S_INIT("family name"), PASTED_FAMILY},
    {S_INIT("familyname"), PASTED_FAMILY},
    {S_INIT("family"), PASTED_FAMILY},
    {S_INIT("nachname"), PASTED_FAMILY},
    {S_INIT("name"), PASTED_WHOLE},
    {S_INIT("names"), PASTED_WHOLE},
    {S_INIT("full name"), PASTED_WHOLE},
    {S_INIT("fullname"), PASTED_WHOLE},
    {S_INIT("display name"), PASTED_WHOLE},
    {S_INIT("displayname"), PASTED_WHOLE},
    {S_INIT("nom complet"), PASTED_WHOLE},
    {S_INIT("nom affiche"), PASTED_WHOLE},
    {S_INIT("nom d affichage"), PASTED_WHOLE},
    {S_INIT("prenom nom"), PASTED_WHOLE},
    {S_INIT("prenom et nom"), PASTED_WHOLE},
    {S_INIT("first and last name"), PASTED_WHOLE},
    {S_INIT("nom prenom"), PASTED_FAMILY_FIRST},
    {S_INIT("nom et prenom"), PASTED_FAMILY_FIRST},
    {S_INIT("noms et prenoms"), PASTED_FAMILY_FIRST},
    {S_INIT("nom prenoms"), PASTED_FAMILY_FIRST},
    {S_INIT("last name first name"), PASTED_FAMILY_FIRST},
};

/* A heading with one of these words is an address's, unless one of the others says whose or what about it. */
static const str email_words[] = {S_INIT("email"),
                                  S_INIT("emails"),
                                  S_INIT("mail"),
                                  S_INIT("mails"),
                                  S_INIT("courriel"),
                                  S_INIT("mel"),
                                  S_INIT("messagerie"),
                                  S_INIT("courriels"),
                                  S_INIT("upn"),
                                  S_INIT("electronique"),
                                  S_INIT("userprincipalname"),
                                  S_INIT("emailaddress"),
                                  S_INIT("mailadresse")};
static const str other_words[] = {S_INIT("date"),   S_INIT("statut"),      S_INIT("status"),     S_INIT("manager"),
                                  S_INIT("envoye"), S_INIT("responsable"), S_INIT("superieur"),  S_INIT("sent"),
                                  S_INIT("type"),   S_INIT("supervisor"),  S_INIT("secondaire"), S_INIT("secondary"),
                                  S_INIT("label"),  S_INIT("perso"),       S_INIT("personnel"),  S_INIT("personal")};
/* What may stand beside them where a line is a heading alone. */
static const str beside[] = {S_INIT("adresse"),
                             S_INIT("adresses"),
                             S_INIT("address"),
                             S_INIT("addresses"),
                             S_INIT("e"),
                             S_INIT("mail"),
                             S_INIT("mails"),
                             S_INIT("de"),
                             S_INIT("des"),
                             S_INIT("liste"),
                             S_INIT("list"),
                             S_INIT("of"),
                             S_INIT("professionnel"),
                             S_INIT("work"),
                             S_INIT("email"),
                             S_INIT("emails"),
                             S_INIT("courriel"),
                             S_INIT("courriels"),
                             S_INIT("mel"),
                             S_INIT("professionnelle"),
                             S_INIT("messagerie"),
                             S_INIT("electronique"),
                             S_INIT("electroniques"),
                             S_INIT("participants"),
                             S_INIT("members"),
                             S_INIT("membres"),
                             S_INIT("invites"),
                             S_INIT("upn")};

static bool holds_word(str words, const str *table, size_t count)
{
    for (str rest = words; rest.p;)
        if (str_is_one_of(str_cut(&rest, ' '), table, count))
            return true;
    return false;
}

static bool is_address_heading(str words)
{
    return holds_word(words, email_words, sizeof email_words / sizeof *email_words) &&
           !holds_word(words, other_words, sizeof other_words / sizeof *other_words);
}

pasted_role heading_role(str words)
{
    if (is_address_heading(words))
        return PASTED_ADDRESS;
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (str_eq(headings[i].words, words))
            return headings[i].role;
    return PASTED_IGNORED;
}

bool is_heading_alone(str words)
{
    if (heading_role(words) != PASTED_ADDRESS)
        return false;
    for (str rest = words; rest.p;)
        if (!str_is_one_of(str_cut(&rest, ' '), beside, sizeof beside / sizeof *beside))
            return false;
    return true;
}
