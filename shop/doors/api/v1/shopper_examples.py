"""Examples of groups, reviews and questions."""

from __future__ import annotations

from shop.doors.api.v1.examples import AT, LATER, VARIANT, Json

GROUPS: Json = {
    "groups": [
        {
            "code": "student",
            "name": "Students",
            "takes_codes": True,
            "takes_documents": True,
            "mail_domains": ["uni.example"],
            "state": "accepted",
            "valid_until": LATER,
            "reason": "",
        }
    ]
}
REVIEWS: Json = {
    "count": 1,
    "mean": 4.0,
    "stars": [0, 0, 0, 1, 0],
    "reviews": [
        {
            "rating": 4,
            "text": "Melts well.",
            "language": "en",
            "bought_at": AT,
            "written_at": AT,
            "is_own": True,
            "hidden_because": "",
        }
    ],
    "may_write": True,
    "page": 1,
    "has_next": False,
}
QUESTIONS: Json = {
    "questions": [
        {
            "text": "Does it melt well?",
            "language": "en",
            "asked_at": AT,
            "is_own": False,
            "hidden_because": "",
            "answers": [
                {
                    "text": "Yes, best under the grill.",
                    "language": "en",
                    "answered_at": LATER,
                    "is_shop": True,
                    "is_own": False,
                }
            ],
        }
    ],
    "may_answer": False,
    "page": 1,
    "has_next": False,
}
WISHES: Json = {"items": [VARIANT]}
AWAITED: Json = {"is_awaited": True, "needs_confirmation": True}
RATING: Json = {"score": 5, "words": "Well packed.", "rated_at": AT}
RETURN_RULES: Json = {
    "promise": "You can send it back within 30 days.",
    "exceptions": [{"category": "Flowers", "promise": "This is not taken back."}],
}
ADDRESS_FORM: Json = {
    "country": "US",
    "required": ["address_line1", "city", "postcode", "region"],
    "regions": [{"code": "US-NY", "name": "New York"}],
    "postcode_example": "95014",
    "postcode_patterns": ["^(\\d{5})(?:[ \\-](\\d{4}))?$"],
    "layout": "%N%n%A%n%C, %S %Z",
}
