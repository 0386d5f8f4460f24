"""Examples of products and lists of them, by systems of staff."""

from __future__ import annotations

from shop.doors.api.v1.examples import Json

VARIANT: Json = {
    "sku": "TP24-SHOR",
    "options": {"Back": "Short"},
    "price_minor": 16900,
    "cost_minor": 8100,
    "prices": {"eu": 15900},
    "barcode": "",
    "size": "",
    "archived": False,
}
SHARED: Json = {
    "title": "Trek pack",
    "title_zh": "徒步背包",
    "description": "24 litres, two side pockets.",
    "description_zh": "",
    "category": ["Bags", "Packs"],
    "brand": "Ridge",
    "tax_class": "",
    "sensitive": False,
    "child_directed": False,
    "minimum_age": None,
    "attributes": {"Material": "Nylon"},
}
DOCUMENT: Json = {**SHARED, "variants": [{**VARIANT, "opening_stock": 12}]}
PRODUCT: Json = {
    "handle": "trek-pack",
    "version": "3",
    "slug": "ridge-trek-pack",
    "category_path": "bags/packs",
    "currency": "USD",
    "is_active": True,
    **SHARED,
    "variants": [{**VARIANT, "on_hand": 12, "reserved": 1}],
}
WRITTEN: Json = {**PRODUCT, "is_new": False, "changes": ["title", "TP24-SHOR price"]}
PRODUCTS: Json = {"products": [PRODUCT], "next_cursor": None}
MOVE_STOCK: Json = {"kind": "received", "pieces": 24, "reason": "delivery of 2 December"}
STOCK: Json = {"sku": "TP24-SHOR", "on_hand": 36, "reserved": 1}
PICTURE: Json = {
    "picture_id": 17,
    "file_name": "trek-pack.png",
    "state": "pending",
    "refusal": "",
    "alt": "A green pack from the side",
    "alt_zh": "",
}
PICTURES: Json = {"pictures": [PICTURE]}
CHECK: Json = {"is_whole": False}
APPLY: Json = {"meant_prices": 0}
LIST: Json = {
    "list_id": 4,
    "file_name": "products.csv",
    "market": "us",
    "state": "checked",
    "percent": 100,
    "columns": [{"header": "sku", "field": "sku"}, {"header": "price", "field": "price"}],
    "is_whole": False,
    "counts": {
        "read": 78,
        "new": 77,
        "changed": 0,
        "same": 0,
        "added": 0,
        "refused": 1,
        "doubtful": 0,
    },
    "problem": "",
    "problems": [
        {
            "line": 7,
            "column": "price",
            "value": "50,37",
            "code": "comma",
            "message": "products.csv line 7: column 'price': '50,37' has a comma; write 50.37.",
            "is_refused": True,
        }
    ],
}
EXPORT = "handle,title,sku,price\r\ntrek-pack,Trek pack,TP24-SHOR,169.00\r\n"
